"""Magnitudes of noise bands from a sound, for a noise of the same spectrum and level."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import band_power, band_responses
from ddsp_pi.frame import SAMPLE_RATE

WINDOW = 512
"""Samples under a Hann window: about half of them, 5 ms, is how old the spectrum is."""


class NoiseSpectrum:
    """Band magnitudes of the newest 512 samples; 1 in every band is white noise of variance 1."""

    def __init__(self, n_bands: int) -> None:
        self._weights, self._window = _weights(n_bands), window()
        self._band_numbers = np.arange(n_bands, dtype=np.float64)
        self._power = np.zeros(n_bands, np.float32)

    def reset(self) -> None:
        """Forget what was heard."""
        self._power[:] = 0.0

    def hear(self, past: NDArray[np.float32]) -> None:
        """Take at least the newest 512 samples, the newest last."""
        spectrum = np.fft.rfft(past[-WINDOW:] * self._window)
        np.dot(spectrum.real**2 + spectrum.imag**2, self._weights, out=self._power)

    def sample(self, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """Magnitudes (n_bands,), with everything moved up in frequency by the ratio, at equal level."""
        if formant_ratio == 1.0:
            np.sqrt(self._power, out=out)
            return
        place = self._band_numbers / formant_ratio
        moved = np.interp(place, self._band_numbers, self._power, right=0.0)
        # Spread wider, it is as much less dense.
        np.sqrt(moved / formant_ratio, out=out, casting="same_kind")


def window() -> NDArray[np.float32]:
    """(WINDOW,) what the samples are weighted with."""
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


def norms(n_bands: int) -> NDArray[np.float64]:
    """(n_bands,) what a bin's power counts in a band that it is in the middle of."""
    window_power = float((np.hanning(WINDOW + 1)[:-1] ** 2).sum())
    return 1.0 / (WINDOW * window_power * band_power(n_bands))


@cache
def _weights(n_bands: int) -> NDArray[np.float32]:
    """(bins, n_bands) what the power of each bin adds to each band's share of white noise."""
    responses = band_responses(n_bands, np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)).T
    responses[1:-1] *= 2.0
    return np.asarray(responses * norms(n_bands), np.float32)
