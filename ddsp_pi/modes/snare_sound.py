"""The drum synthesizer as a sound that hits strike: a mapper turns its knobs for each of them."""

from collections.abc import Sequence

import numpy as np

from ddsp_pi.dsp.native_snare import make_snare
from ddsp_pi.dsp.snare_params import NAMES, from_norms, to_norms
from ddsp_pi.modes.drum_mapping import Mapper
from ddsp_pi.modes.drum_params import DAMPING_NAMES
from ddsp_pi.modes.drum_sound import Array, Strike
from ddsp_pi.params import ParamSet


class SnareSound:
    """The snare, its knobs where the parameters stand, and a mapper that moves them from there."""

    def __init__(self, mapper: Mapper, params: ParamSet) -> None:
        self._mapper, self._params = mapper, params
        self._snare = make_snare()

    @property
    def ringing(self) -> bool:
        """See DrumSound."""
        return self._snare.hits.ringing > 0

    def strike(self, hit: Strike, after: int) -> None:
        """See DrumSound."""
        self._snare.hits.strike(self._knobs(hit.difference), after)

    def choke(self, after: int) -> None:
        """See DrumSound."""
        self._snare.hits.choke(after)

    def render(self, begin: int, n: int) -> Array:
        """See DrumSound."""
        return self._snare.render(n)

    def limit(self, partials: int | None) -> None:
        """See DrumSound; it has none."""

    def reset(self) -> None:
        """See DrumSound."""
        self._snare.reset()

    def _knobs(self, difference: Sequence[float]) -> list[float]:
        """(14,) values of the knobs for a hit, in their units."""
        live = self._params.live
        knobs = to_norms([live[name] for name in NAMES])
        dampings = np.array([live[name] for name in DAMPING_NAMES])
        turned = live["sensitivity"] * dampings * self._mapper.movement(difference)
        values: list[float] = from_norms(knobs + turned).tolist()
        return values
