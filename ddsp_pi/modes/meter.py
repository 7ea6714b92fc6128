"""What a mode that listens hears, for whoever sets its gain."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.frame import HOP, HOP_RATE

FALL = math.exp(-1.0 / (0.3 * HOP_RATE))
"""What a hop leaves of a peak: 63 % are gone in 0.3 s."""

CLIPPED_HOPS = round(HOP_RATE)
"""A clipped input is shown for a second."""

OFFSET_SHARE = 1.0 / (0.2 * HOP_RATE)
"""Of the way to a new offset, per hop: 63 % of it in 0.2 s."""


class Hit(NamedTuple):
    """A hit that was heard."""

    number: int
    """How many there were before it, and this one."""
    rise_db: float
    """How far it stands out of what was heard before."""
    loudness_db: float
    centroid: float
    """How bright it is, on the scale of MIDI notes."""
    flatness_db: float
    """How noisy it is: 0 is noise alone."""


class Meter:
    """Level, clipping, offset and pitch of the input, and its last hit; written by the render loop only."""

    __slots__ = ("_clipped_hops", "f0_hz", "hit", "level", "measures", "offset")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was heard."""
        self.level = 0.0
        """Highest sample behind the input gain, 1 = full scale; it falls back slowly."""
        self.offset = 0.0
        """Mean of the input as it comes in, which should be 0; 1 = full scale."""
        self.f0_hz = 0.0
        """Pitch that is played, 0 while nothing sounds."""
        self.hit: Hit | None = None
        """The last hit, where hits are listened for; None: there was none yet."""
        self.measures: Measures = {}
        """What was learned of all hits; empty: nothing."""
        self._clipped_hops = 0

    @property
    def clipped(self) -> bool:
        """Whether the input was cut off at full scale in the last second, before any gain."""
        return self._clipped_hops > 0

    def take(self, hop: NDArray[np.float32], peak: float, clipped: bool, gain: float) -> None:
        """One more hop as it came in, its highest sample, and the gain behind it."""
        self.level = max(peak * gain, self.level * FALL)
        self._clipped_hops = CLIPPED_HOPS if clipped else max(self._clipped_hops - 1, 0)
        mean = float(np.add.reduce(hop)) / HOP
        if math.isfinite(mean):
            self.offset += (mean - self.offset) * OFFSET_SHARE

    def strike(self, rise_db: float, features: HitFeatures) -> None:
        """One more hit."""
        number = 1 if self.hit is None else self.hit.number + 1
        self.hit = Hit(number, rise_db, features.loudness_db, features.centroid, features.flatness_db)
