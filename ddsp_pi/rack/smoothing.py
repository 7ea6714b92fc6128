"""Smoothing of a jack that is slow while the jack is still and gone while it moves.

A one-pole low-pass whose pole follows the distance to what is read, in the spirit of A. Simper, "Dynamic
Smoothing Using Self Modulating Filter" (Cytomic, 2014) and of the 1-euro filter (G. Casiez, N. Roussel and
D. Vogel, CHI 2012). After a step it starts again as a plain mean, the quickest way to a quiet value.
"""

import math

KNEE_COUNTS = 4.75
"""Half of a way this long is gone at once. Noise of a count or so stays well below it; a glide of an octave
per second lags by 8 cents, a vibrato of 50 cents loses 4 % of its depth, one of 10 cents a fifth."""

JUMP = 0.5
"""A share of the way, gone at once, that makes it a new value and not a movement."""


class Smoother:
    """Smoothed counts of one jack."""

    def __init__(self, slowest: float) -> None:
        """`slowest`, 0..1: the share of the way to a new reading that is gone while all is still."""
        self._slowest = slowest
        self._smoothed = math.nan
        self._before = (math.nan, math.nan)
        self._readings = 0
        self._variance = 0.0

    @property
    def noise(self) -> float:
        """Standard deviation of the readings, in counts, while they were still."""
        return math.sqrt(self._variance)

    def take(self, counts: float) -> float:
        """The smoothed value after one more reading."""
        if self._readings == 0:
            self._smoothed, self._before = counts, (counts, counts)
        away = counts - self._smoothed
        # Three readings together, as noise alone now and then throws two of them far to one side.
        moving = self._moving((sum(self._before) + counts) / 3.0 - self._smoothed)
        self._before = (self._before[1], counts)
        if moving > JUMP:
            self._readings, self._before = 0, (counts, counts)
        self._readings += 1
        self._listen(away, moving)
        self._smoothed += away * max(self._slowest, 1.0 / self._readings, moving)
        return self._smoothed

    @staticmethod
    def _moving(away: float) -> float:
        fourth = away**4
        return fourth / (fourth + KNEE_COUNTS**4)

    def _listen(self, away: float, moving: float) -> None:
        if moving < JUMP and self._readings > 1:
            self._variance += (away * away - self._variance) * max(0.01, 1.0 / self._readings)


def slowest_share(smooth_ms: float, every_ms: float) -> float:
    """The share for a time constant, with a reading every so often; 1 for no smoothing."""
    return -math.expm1(-every_ms / smooth_ms) if smooth_ms else 1.0
