"""The way from one preset to another, by one value from 0 to 1."""

from collections.abc import Sequence

from ddsp_pi.control.preset_file import Preset
from ddsp_pi.control.presets import Acts, full_params
from ddsp_pi.errors import ConfigError
from ddsp_pi.params import Param

PRESET_MORPH = Param(
    "preset_morph", "share", 0, 1, 0, "From the preset that was loaded to the one that it morphs to."
)

MIDDLE = (0.48, 0.52)
"""The instrument changes where this is left: a cable that trembles on the middle must not load and load."""


class Morph:
    """Two presets of one mode, and everything between them."""

    def __init__(self, a: Preset, b: Preset, specs: Sequence[Param]) -> None:
        """`specs`: the parameters of their mode.

        Raises:
            ConfigError: they are of different modes, which have nothing between them.
        """
        if a.mode != b.mode:
            raise ConfigError(
                f"{a.name} is of mode {a.mode} and {b.name} of mode {b.mode}: only presets of one mode morph"
            )
        self.a, self.b, self._specs = a, b, specs
        self._values = full_params(a, specs), full_params(b, specs)

    def params(self, position: float) -> dict[str, float]:
        """Every parameter's value at a position 0..1, in its unit.

        Values go evenly along the parameters' knobs: a log one by equal ratios. At 0 and 1 they are
        the presets' own to the last digit.
        """
        return {spec.name: self._value(spec, position) for spec in self._specs}

    def instrument(self, position: float) -> str:
        """That of the nearer preset; empty: whichever plays."""
        return (self.a if position < 0.5 else self.b).instrument

    def _value(self, spec: Param, position: float) -> float:
        low, high = (values[spec.name] for values in self._values)
        if position <= 0.0 or low == high:
            return low
        if position >= 1.0:
            return high
        begin, end = spec.to_norm(low), spec.to_norm(high)
        return spec.clip(spec.from_norm(begin + (end - begin) * position))


class MorphPlayer:
    """Plays the way between two presets; sets only what a move changes, so hands may turn the rest."""

    def __init__(self, morph: Morph, acts: Acts, position: float = 0.0) -> None:
        """Begin where `position` is what plays: at 0 the first preset has just been applied."""
        self._morph, self._acts = morph, acts
        self._sent = morph.params(position)
        self._nearer = morph.instrument(position)

    def move(self, position: float) -> None:
        """Go to a position 0..1; NaN is no place to go and changes nothing."""
        if position != position:
            return
        low, high = MIDDLE
        if not low < position < high:
            self._near(self._morph.instrument(position))
        values = self._morph.params(position)
        for name, value in values.items():
            if value != self._sent[name]:
                self._acts.set_param(name, value)
        self._sent = values

    def _near(self, instrument: str) -> None:
        if instrument and instrument != self._nearer:
            self._nearer = instrument
            self._acts.select_instrument(instrument)
