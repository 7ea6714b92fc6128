"""Smoothing of a jack that is slow while the jack is still and gone while it moves.

A one-pole low-pass whose pole follows the distance to what is read, in the spirit of A. Simper, "Dynamic
Smoothing Using Self Modulating Filter" (Cytomic, 2014) and of the 1-euro filter (G. Casiez, N. Roussel and
D. Vogel, CHI 2012). After a step it starts again as a plain mean, the quickest way to a quiet value.
"""

import math

KNEE_COUNTS = 4.75
"""Half of a way this long is gone at once. Noise of a count or so stays well below it; a glide of an octave
per second lags by 8 cents, a vibrato of 50 cents loses 4 % of its depth, one of 10 cents a fifth."""

_KNEE_4 = KNEE_COUNTS**4

_MANY = 100
_MEMORY = 1.0 / _MANY
"""Of the noise that is measured; and a mean of so many readings is slower than any that is wanted."""

JUMP = 0.5
"""A share of the way, gone at once, that makes it a new value and not a movement."""


class Smoother:
    """Smoothed counts of one jack."""

    def __init__(self, slowest: float) -> None:
        """`slowest`, 0..1: the share of the way to a new reading that is gone while all is still."""
        self._slowest = slowest
        self._smoothed = self._last = self._last_but_one = math.nan
        self._readings = 0
        self._variance = 0.0

    @property
    def noise(self) -> float:
        """Standard deviation of the readings, in counts, while they were still."""
        return math.sqrt(self._variance)

    def take(self, counts: float) -> float:
        """The smoothed value after one more reading."""
        # Six jacks a thousand times a second: written for few steps, not for beauty.
        if not self._readings:
            self._smoothed = self._last = self._last_but_one = counts
        away = counts - self._smoothed
        # Three readings together, as noise alone now and then throws two of them far to one side.
        square = ((self._last_but_one + self._last + counts) / 3.0 - self._smoothed) ** 2
        moving = square * square / (square * square + _KNEE_4)
        self._last_but_one, self._last = self._last, counts
        if moving > JUMP:
            self._readings, self._last_but_one = 0, counts
        self._readings = readings = self._readings + 1
        share = self._slowest if self._slowest > moving else moving
        if readings < _MANY:
            share = max(share, 1.0 / readings)
        if readings > 1:
            self._variance += (away * away - self._variance) * (
                _MEMORY if readings > _MANY else 1.0 / readings
            )
        self._smoothed += away * share
        return self._smoothed


def slowest_share(smooth_ms: float, every_ms: float) -> float:
    """The share for a time constant, with a reading every so often; 1 for no smoothing."""
    return -math.expm1(-every_ms / smooth_ms) if smooth_ms else 1.0
