"""Who turns the knobs of a drum for a hit: what is asked of a mapper, and one that was written by hand."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import FEATURES, UNKNOWN, Normaliser, Ranges
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES

MIDDLE = UNKNOWN
"""Of a range 0..1: the usual hit, where nobody says which one that is."""


class Mapper(Protocol):
    """Turns the knobs of a drum for a hit."""

    @property
    def reference(self) -> HitFeatures | None:
        """The hit that turns nothing; None: the one in the middle of what is heard."""

    @property
    def ranges(self) -> Ranges:
        """What hits are measured by at first; a feature that is left out has no range yet."""

    def movement(self, difference: Sequence[float]) -> NDArray[np.float64]:
        """(3,) how far a hit is from the reference, −1..1 → (14,) how far knobs 0..1 are turned."""


class Mapping:
    """A mapper, and the ranges of what it hears."""

    def __init__(self, mapper: Mapper) -> None:
        self._mapper, self._normaliser = mapper, Normaliser(mapper.ranges)

    def reset(self) -> None:
        """The ranges are those of the mapper."""
        self._normaliser.load(self._mapper.ranges)

    def relearn(self) -> None:
        """No range is known: another drum is played."""
        self._normaliser.reset()

    def difference(self, features: HitFeatures) -> tuple[float, ...]:
        """(3,) how far a hit is from the reference; it belongs to the range that it is measured by."""
        reference = self._mapper.reference
        if reference is None:
            return tuple(place - MIDDLE for place in self._normaliser.normalise(features))
        return self._normaliser.centred(features, reference)

    def movement(self, difference: Sequence[float]) -> NDArray[np.float64]:
        """See Mapper."""
        return self._mapper.movement(difference)


class Levels:
    """How loud a hit is among those before it, from a single number."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was heard."""
        self._lowest, self._highest = math.inf, -math.inf

    def place(self, level_db: float) -> float:
        """0 for the softest so far to 1 for the loudest; MIDDLE for the first."""
        lowest = self._lowest = min(self._lowest, level_db)
        highest = self._highest = max(self._highest, level_db)
        return (level_db - lowest) / (highest - lowest) if highest > lowest else MIDDLE


_LOUDER_DB, _BRIGHTER_HZ, _LONGER_MS = 30.0, 6000.0, 100.0
"""What the plain mapper makes of a feature, from one end of its range to the other."""

_PLAIN = {
    "loudness_db": {"osc1_gain": _LOUDER_DB, "osc2_gain": _LOUDER_DB, "noise_gain": _LOUDER_DB},
    "centroid": {"noise_highpass": _BRIGHTER_HZ},
    "flatness_db": {"noise_decay": _LONGER_MS},
}
"""In the units of the parameters."""


class PlainMapper:
    """Written by hand: louder hits are louder, brighter ones brighter, and noisier ones rattle longer."""

    reference, ranges = None, Ranges()

    def __init__(self) -> None:
        self._turns = np.zeros((len(FEATURES), len(NAMES)))
        for row, feature in zip(self._turns, FEATURES, strict=True):
            for name, by in _PLAIN[feature].items():
                place = NAMES.index(name)
                row[place] = by / (HIGH - LOW)[place]

    def movement(self, difference: Sequence[float]) -> NDArray[np.float64]:
        """See Mapper."""
        return np.asarray(difference) @ self._turns
