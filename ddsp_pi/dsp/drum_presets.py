"""The drums that ship, by value, and what is common to every drum preset."""

from dataclasses import dataclass

from ddsp_pi.dsp.snare_params import DEFAULTS, NAMES, SNARE_PARAMS
from ddsp_pi.errors import ConfigError

DAMPING_RANGE = (0.0, 1.0)
"""From a parameter that stands still to one that is moved as far as it was learned."""


@dataclass(frozen=True, slots=True)
class DrumPreset:
    """A drum to play, or to begin from when a mapper moves it."""

    name: str
    values: tuple[float, ...]
    """(14,) in the units of SNARE_PARAMS."""
    damping: tuple[float, ...]
    """(14,) what the movement of each parameter is multiplied by."""
    note: str = ""
    """A line for people."""


def damped(**shares: float) -> tuple[float, ...]:
    """(14,) dampings: those that are named, and 1 for all others."""
    return tuple(shares.get(name, 1.0) for name in NAMES)


STEADY_PITCH = damped(osc1_freq=0.01, osc2_freq=0.01)
"""The shipped drums keep their tuning, however they are hit."""

_SHIPPED = (
    ("snare_1", DEFAULTS, "Full and tuned, with a bright rattle."),
    (
        "snare_2",
        (179, 0.1, 366, 0.34, 21.59, 133, 106.5, 108, 2295, 0.5, -18, -20, -10, 1),
        "Dry and short, mostly rattle.",
    ),
    (
        "snare_3",
        (173, 0.66, 351, 0.24, 33.19, 152.07, 91.15, 269, 1500, 1, -14, -13, -44, -3.5),
        "Two tones and hardly any rattle: the snares are off.",
    ),
    (
        "tom_1",
        (135, 0.43, 236, 0.53, 119, 558, 43, 100, 10_000, 1.2, -10, -14, -53, -3),
        "An open drum that drops and rings.",
    ),
    (
        "noisy",
        (500, 0.42, 700, 1, 787, 100, 200, 1949, 3915, 6, -50, -50, -25, 13),
        "A long band of noise, like a cymbal through a filter.",
    ),
)

DRUM_PRESETS = {
    name: DrumPreset(name, tuple(map(float, values)), STEADY_PITCH, note) for name, values, note in _SHIPPED
}
"""By their names."""

OTHER_NAMES = {"open_snare": "tom_1"}
"""What a drum is called elsewhere."""


def drum_preset(name: str) -> DrumPreset:
    """One that ships, by its name or another one.

    Raises:
        ConfigError: there is none of that name; the message lists those there are.
    """
    try:
        return DRUM_PRESETS[OTHER_NAMES.get(name, name)]
    except KeyError:
        raise ConfigError(f"no drum called {name!r}; there are: {', '.join(DRUM_PRESETS)}") from None


def by_name(values: tuple[float, ...]) -> dict[str, float]:
    """(14,) numbers under the names of their parameters."""
    return {spec.name: value for spec, value in zip(SNARE_PARAMS, values, strict=True)}
