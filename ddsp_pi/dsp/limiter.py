"""Peaks held below a ceiling, and samples that are no numbers silenced."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

CEILING = 0.98
"""No sample leaves beyond it."""

RELEASE_S = 0.08
"""The gain recovers by a factor of e in this time."""


class Limiter:
    """Peak limiter without look-ahead, behind a guard against NaN and infinity.

    The gain follows the peak at once and recovers exponentially, so no sample ever exceeds the
    ceiling and nothing is delayed. Below the ceiling the signal passes bit by bit.
    """

    def __init__(self, ceiling: float = CEILING, release_s: float = RELEASE_S) -> None:
        self.ceiling = ceiling
        self._log_ceiling = math.log(ceiling)
        self._fall_per_sample = 1.0 / (release_s * SAMPLE_RATE)
        self.reset()

    def reset(self) -> None:
        """No peak remembered; the counts start again."""
        self._log_peak = -math.inf
        self.peak = 0.0
        self.rejected = 0

    def process(self, block: NDArray[np.float32]) -> bool:
        """Limit (n,) samples in place; False if some were not finite and have been silenced."""
        peak = highest(block)
        sane = math.isfinite(peak)
        if not sane:
            self.rejected += silence_insane(block)
            peak = highest(block)
        if peak > self.ceiling or self._log_peak > self._log_ceiling:
            self._limit(block)
            peak = min(peak, self.ceiling)
        self.peak = max(self.peak, peak)
        return sane

    def _limit(self, block: NDArray[np.float32]) -> None:
        # peak[i] = max(|x[i]|, peak[i-1] · fall) is a running maximum once the fall is divided out.
        fallen = self._fall_per_sample * np.arange(1, len(block) + 1)
        with np.errstate(divide="ignore"):
            raised = np.log(np.abs(block).astype(np.float64)) + fallen
        log_peak = np.maximum(np.maximum.accumulate(raised), self._log_peak) - fallen
        block *= np.exp(np.minimum(0.0, self._log_ceiling - log_peak)).astype(np.float32)
        # Rounding to float32 may leave a peak one bit above the ceiling.
        np.clip(block, -self.ceiling, self.ceiling, out=block)
        self._log_peak = float(log_peak[-1])


def highest(block: NDArray[np.float32]) -> float:
    """Highest absolute sample; not finite if any sample is not (argmax takes a NaN for the highest)."""
    # Reduced by maximum, a short block would cost twice as much.
    sizes = np.abs(block)
    return sizes.item(sizes.argmax()) if len(sizes) else 0.0


def silence_insane(block: NDArray[np.float32]) -> int:
    """Put 0 for every sample that is not finite, in place; how many there were."""
    insane = ~np.isfinite(block)
    block[insane] = 0.0
    return int(insane.sum())
