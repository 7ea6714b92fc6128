"""What a hit sounds like in its first 256 samples: how loud, how bright and how noisy.

The three onset features, and their formulas, of Shier, Saitis, Robertson and McPherson, "Real-time timbre
remapping with differentiable DSP" (NIME 2024).
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.onset import Onset, OnsetDetector
from ddsp_pi.frame import HOP, SAMPLE_RATE

WINDOW = 256
"""Samples from the onset on."""

QUIETEST_POWER = 1e-8
"""Added to the mean square: nothing is below −80 dB."""

NO_POWER = 1e-10
"""Of a bin, at least."""

LEAST_FLAT = 1e-8
"""Added to the flatness: it is never below −160 dB."""

LOWEST_HZ = 440.0 * 2.0 ** (-69.0 / 12.0)
"""No centroid is below note 0."""

_HANN = np.hanning(WINDOW + 1)[:-1]
_BIN_HZ = np.arange(WINDOW // 2 + 1) * (SAMPLE_RATE / WINDOW)


@dataclass(frozen=True, slots=True)
class HitFeatures:
    """Three numbers of one hit."""

    loudness_db: float
    """RMS, dBFS, −80 at least."""
    centroid: float
    """Of the magnitudes, as a note: 69 is 440 Hz and 12 an octave."""
    flatness_db: float
    """20·log10 of the geometric by the arithmetic mean of the powers, 0…−160: 0 were all equal."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit whose first 256 samples have been heard."""

    onset: Onset
    features: HitFeatures
    ready_at: int
    """Samples since the reset when the last of them had been heard: the onset, rounded down, and 256."""


def hit_features(window: NDArray[np.floating]) -> HitFeatures:
    """The features of (256,) samples at 48 kHz from an onset on."""
    samples = np.asarray(window, np.float64)
    magnitudes = np.abs(np.fft.rfft(samples * _HANN))
    powers = np.maximum(magnitudes * magnitudes, NO_POWER)
    centroid_hz = float(magnitudes @ _BIN_HZ) / max(float(magnitudes.sum()), 1e-12)
    flatness = float(np.exp(np.log(powers).mean()) / powers.mean())
    return HitFeatures(
        loudness_db=10.0 * float(np.log10(samples @ samples / WINDOW + QUIETEST_POWER)),
        centroid=69.0 + 12.0 * float(np.log2(max(centroid_hz, LOWEST_HZ) / 440.0)),
        flatness_db=20.0 * float(np.log10(flatness + LEAST_FLAT)),
    )


class HitListener:
    """Onsets at once, and their features 256 samples later; the size of the pieces makes no difference."""

    def __init__(self, onsets: OnsetDetector) -> None:
        self.onsets = onsets
        self._past = np.zeros(WINDOW + HOP, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard; samples count from 0 again."""
        self.onsets.reset()
        self._past[:] = 0.0
        self._position = 0
        self._waiting: deque[Onset] = deque()

    def hear(self, piece: NDArray[np.float32]) -> tuple[Onset | None, tuple[Hit, ...]]:
        """Take (n,) samples, n ≤ HOP; the onset that was noticed, and the hits whose features are ready.

        Raises:
            ValueError: the piece is longer.
        """
        onset, length = self.onsets.hear(piece), len(piece)
        if length:
            self._past[:-length], self._past[-length:] = self._past[length:], piece
        self._position += length
        if onset is not None:
            self._waiting.append(onset)
        return onset, tuple(self._ready()) if self._waiting else ()

    def _ready(self) -> list[Hit]:
        hits = []
        while self._waiting and int(self._waiting[0].time) + WINDOW <= self._position:
            onset = self._waiting.popleft()
            ready_at = int(onset.time) + WINDOW
            end = len(self._past) - (self._position - ready_at)
            window = np.nan_to_num(self._past[end - WINDOW : end])
            hits.append(Hit(onset, hit_features(window), ready_at))
        return hits
