"""The parameters of mode drums."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ddsp_pi.dsp.drum_presets import DAMPING_RANGE, STEADY_PITCH
from ddsp_pi.dsp.onset_settings import MODES, OnsetSettings
from ddsp_pi.dsp.snare_params import NAMES, SNARE_PARAMS
from ddsp_pi.modes.cross import PARAMS as CROSS_PARAMS
from ddsp_pi.modes.cv import PARAMS as CV_PARAMS
from ddsp_pi.modes.style import PARAMS as STYLE_PARAMS
from ddsp_pi.params import Param, ParamSet

_SHARED = {spec.name: spec for spec in (*CROSS_PARAMS, *CV_PARAMS, *STYLE_PARAMS)}


def damping_name(name: str) -> str:
    """What the damping of a parameter is called."""
    return f"{name}_damping"


_DAMPINGS = tuple(
    Param(damping_name(name), "share", *DAMPING_RANGE, share, f"How far a hit may move {name}; 0: it stays.")
    for name, share in zip(NAMES, STEADY_PITCH, strict=True)
)

STRUCK_PARAMS = tuple(
    _SHARED[name] for name in ("note", "tune", "loudness", "velocity_range", "brightness", "noise", "decay")
)
"""Where hits strike an instrument: as keys do in modes cv and style."""

PARAMS = (
    Param("sensitivity", "x", 0, 4, 1, "How far hits move the drum; 0: all are alike, 1: as it was learned."),
    _SHARED["dry_wet"],
    _SHARED["input_gain"],
    Param(
        "trigger", "0 or 1", 0, 1, 0, "0 listens to each hit for 5 ms and plays it, 1 plays the drum at once."
    ),
    Param(
        "onset_mode",
        "0 to 3",
        0,
        3,
        0,
        "Listens as usual (0), to the softest hits (1), to rolls (2), or plainly (3).",
    ),
    Param("onset_on", "dB", 0, 60, 0, "A hit is what rises so far above what was; 0: as the mode says."),
    Param("onset_off", "dB", 0, 50, 0, "Below this rise the next hit is waited for; 0: as the mode says."),
    Param("onset_hold", "ms", 0, 100, 0, "Time after a hit in which there is no other; 0: as the mode says."),
    Param("choke", "0 or 1", 0, 1, 0, "1 ends what rings whenever a hit begins."),
    Param(
        "learn",
        "0 or 1",
        0,
        1,
        1,
        "1 learns of each hit what is loud, bright and usual; 0 holds what is known.",
    ),
    Param("relearn", "0 or 1", 0, 1, 0, "Going up to 1 forgets how loud, bright and noisy hits have been."),
    *SNARE_PARAMS,
    *_DAMPINGS,
    *STRUCK_PARAMS,
)
"""The drum itself stands in SNARE_PARAMS, as in every preset; hits move it from there."""

DAMPING_NAMES = tuple(spec.name for spec in _DAMPINGS)


def knobs_of(values: Sequence[float], damping: Sequence[float]) -> dict[str, float]:
    """The parameters of a drum by name, from (14,) values in the units of SNARE_PARAMS and (14,) dampings."""
    return dict(zip((*NAMES, *DAMPING_NAMES), (*values, *damping), strict=True))


_LISTENING = tuple(MODES[name] for name in ("normal", "quiet", "roll", "reference"))


class Ask(NamedTuple):
    """What counts as a hit, as the parameters have it."""

    mode: float
    on_db: float
    off_db: float
    hold_ms: float

    def settings(self) -> OnsetSettings:
        """The settings of the mode, with what is asked for over them."""
        usual = _LISTENING[round(self.mode)]
        return replace(
            usual,
            on_db=self.on_db or usual.on_db,
            off_db=self.off_db or usual.off_db,
            hold_ms=self.hold_ms or usual.hold_ms,
        )


def asked(params: ParamSet) -> Ask:
    """What they say now."""
    live = params.live
    return Ask(live["onset_mode"], live["onset_on"], live["onset_off"], live["onset_hold"])


class Rising:
    """Whether a parameter has gone up to 1 since the last look."""

    def __init__(self, params: ParamSet, name: str) -> None:
        self._params, self._name = params, name
        self._was_up = False

    def look(self) -> bool:
        """True once for each time."""
        was_up, self._was_up = self._was_up, self._params.live[self._name] >= 0.5
        return self._was_up and not was_up
