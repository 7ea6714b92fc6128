"""What mode drums needs of others: who puts features on a scale, and who turns knobs for them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES

Features = NDArray[np.float64]
"""(3,) loudness, brightness and flatness."""

N_FEATURES = 3

MIDDLE = 0.5
"""Of the scale of a feature, where it is while nothing is known of it."""


class Scale(Protocol):
    """Puts features on a scale from 0 to 1 that it learns as it goes."""

    def place(self, features: Features) -> Features:
        """(3,) as they are heard → (3,) 0..1; MIDDLE while no range is known."""

    def reset(self) -> None:
        """No range is known."""


class Mapper(Protocol):
    """Turns the knobs of a drum for a hit."""

    @property
    def reference(self) -> Features:
        """(3,) features 0..1 of the hit that turns nothing."""

    def movement(self, difference: Features) -> NDArray[np.float64]:
        """(3,) features 0..1 less those of the reference → (14,) how far knobs 0..1 are turned."""


class RunningRange:
    """Between the least and the most that was heard so far."""

    def __init__(self, features: int = N_FEATURES) -> None:
        self._low, self._high = np.zeros((2, features))
        self.reset()

    def reset(self) -> None:
        """See Scale."""
        self._begun = False

    def place(self, features: Features) -> Features:
        """See Scale."""
        self._low = np.minimum(self._low, features) if self._begun else features.copy()
        self._high = np.maximum(self._high, features) if self._begun else features.copy()
        self._begun = True
        width = self._high - self._low
        known = width > 0.0
        return np.where(known, (features - self._low) / np.where(known, width, 1.0), MIDDLE)


_LOUDER_DB, _BRIGHTER_HZ, _LONGER_MS = 30.0, 6000.0, 100.0
"""What the plain mapper makes of a feature, from one end of its scale to the other."""

_PLAIN = (
    {"osc1_gain": _LOUDER_DB, "osc2_gain": _LOUDER_DB, "noise_gain": _LOUDER_DB},
    {"noise_highpass": _BRIGHTER_HZ},
    {"noise_decay": _LONGER_MS},
)
"""By feature, in the units of the parameters."""


class PlainMapper:
    """Written by hand: louder hits are louder, brighter ones brighter, and noisier ones rattle longer."""

    def __init__(self) -> None:
        self.reference = np.full(N_FEATURES, MIDDLE)
        self._turns = np.zeros((N_FEATURES, len(NAMES)))
        for row, moved in zip(self._turns, _PLAIN, strict=True):
            for name, by in moved.items():
                place = NAMES.index(name)
                row[place] = by / (HIGH - LOW)[place]

    def movement(self, difference: Features) -> NDArray[np.float64]:
        """See Mapper."""
        return difference @ self._turns
