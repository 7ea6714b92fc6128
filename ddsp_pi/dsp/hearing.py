"""A live input besides its pitch: level, loudness, spectral envelope and noise bands."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.noise_spectrum import NoiseSpectrum
from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.dsp.spectral_envelope import LARGEST, SpectralEnvelope
from ddsp_pi.dsp.weighting import PeriodLoudness
from ddsp_pi.frame import HOP, SAMPLE_RATE

FULL_SCALE = 0.999
"""From here on a sample is cut off, or about to be."""

CLIPPED = 3
"""So many of them in a hop: a peak that only just touches full scale is not cut off."""

OFFSET_SPEED = 0.01
"""Share of the way that the offset of a DC-coupled input is followed in a hop."""

MOMENT = 192
"""Samples, or half a period if that is more, that are compared with those a period earlier."""

QUIET = 1e-9
"""Mean square below which nothing is like anything (−90 dBFS)."""

_LINE = np.arange(1, HOP + 1, dtype=np.float32) / np.float32(HOP)


class Hearing(Protocol):
    """Takes a hop, is told its pitch, and says what it was."""

    @property
    def peak(self) -> float:
        """Largest absolute sample of the hop as it came in, at most 8."""

    @property
    def clipped(self) -> bool:
        """Whether samples of the hop were cut off at full scale, or none at all."""

    def take(self, hop: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take (HOP,) samples; return them clean: finite, at most 8, and without offset."""

    def hear(self, f0_hz: float) -> tuple[float, float]:
        """Look at the past with the pitch it has, in Hz.

        Returns:
            The loudness in dB, and how much the newest moment is like the one a period before, −1..1: the
            first to know that a tone has ended.
        """

    def harmonics(self, f0_hz: float, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """See SpectralEnvelope.sample."""

    def noise(self, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """See NoiseSpectrum.sample."""

    def reset(self) -> None:
        """Forget what was heard."""


class NumpyHearing:
    """See Hearing."""

    def __init__(self, n_bands: int) -> None:
        self._loudness = PeriodLoudness()
        self._envelope = SpectralEnvelope()
        self._noise = NoiseSpectrum(n_bands)
        self._past = np.zeros(LARGEST, np.float32)
        self.harmonics, self.noise = self._envelope.sample, self._noise.sample
        self.reset()

    def reset(self) -> None:
        """See Hearing."""
        for part in (self._loudness, self._envelope, self._noise):
            part.reset()
        self._past[:] = 0.0
        self._offset, self.peak, self.clipped = 0.0, 0.0, False

    def take(self, hop: NDArray[np.float32]) -> NDArray[np.float32]:
        """See Hearing."""
        past = self._past
        past[:-HOP] = past[HOP:]
        clean = past[-HOP:]
        np.copyto(clean, hop)
        self._look_at(clean)
        before = self._offset
        self._offset += OFFSET_SPEED * (float(clean.sum()) / HOP - before)
        # In a straight line: a step at every hop would be a click in the quiet upper partials.
        clean -= before + (self._offset - before) * _LINE
        return clean

    def hear(self, f0_hz: float) -> tuple[float, float]:
        """See Hearing."""
        self._loudness.hear(self._past[-HOP:])
        self._envelope.hear(self._past, f0_hz)
        self._noise.hear(self._past)
        return self._loudness.read_db(f0_hz), _likeness(self._past, round(SAMPLE_RATE / f0_hz))

    def _look_at(self, hop: NDArray[np.float32]) -> None:
        """Note the peak; NaN → 0, and far too loud → cut."""
        sizes = np.abs(hop)
        self.peak = float(sizes.max())
        self.clipped = int(np.count_nonzero(sizes >= FULL_SCALE)) >= CLIPPED
        # Written so that a NaN, which no comparison holds for, counts as beyond.
        if not self.peak <= LOUDEST:
            np.nan_to_num(hop, copy=False)
            np.clip(hop, -LOUDEST, LOUDEST, out=hop)
            self.peak, self.clipped = float(np.abs(hop).max()), True


def _likeness(past: NDArray[np.float32], period: int) -> float:
    n = max(MOMENT, period // 2)
    newest, before = past[-n:], past[-n - period : -period]
    energy = float(np.dot(newest, newest)) + float(np.dot(before, before))
    return 2.0 * float(np.dot(newest, before)) / energy if energy > 2.0 * QUIET * n else 0.0
