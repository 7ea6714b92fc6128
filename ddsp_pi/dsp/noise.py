"""Band-filtered noise: per-hop band magnitudes times a precomputed bank of band noises."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.frame import HOP, SAMPLE_RATE

BANK_SAMPLES = 188 * HOP
"""Half a second of noise per band: 6 MB at 65 bands."""


def band_responses(n_bands: int, frequencies_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Power responses of the bands, (n_bands, len(frequencies_hz)).

    Triangles on a linear grid from 0 Hz to Nyquist whose sum is one everywhere, so equal
    magnitudes make white noise: the bands are independent, and their powers add.
    """
    position = frequencies_hz / (SAMPLE_RATE / 2) * (n_bands - 1)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(position[None, :] - np.arange(n_bands)[:, None])))


def band_power(n_bands: int, a_weighted: bool = False) -> NDArray[np.float64]:
    """Mean-square contribution of each band at magnitude 1, (n_bands,); the plain ones sum to 1."""
    frequencies = (np.arange(1 << 16) + 0.5) * (SAMPLE_RATE / 2) / (1 << 16)
    weights = a_weighting(frequencies) ** 2 if a_weighted else np.ones_like(frequencies)
    return band_responses(n_bands, frequencies) @ weights / len(frequencies)


@cache
def noise_bank(n_bands: int, samples: int = BANK_SAMPLES, seed: int = 0) -> NDArray[np.float32]:
    """Band noises, (samples / HOP, n_bands, HOP): magnitude 1 in every band is white noise of variance 1.

    Each hop of all bands lies in one piece of memory, and the last hop goes on in the first.
    """
    rng = np.random.default_rng(seed)
    frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    amplitude = np.sqrt(band_responses(n_bands, frequencies) * samples)
    spectrum = rng.standard_normal((2, n_bands, len(frequencies))) / np.sqrt(2.0)
    bank = np.fft.irfft(amplitude * (spectrum[0] + 1j * spectrum[1]), samples, axis=1)
    return np.ascontiguousarray(bank.reshape(n_bands, -1, HOP).swapaxes(0, 1), dtype=np.float32)


PASS_HOPS = 125
"""The bank is read for a third of a second from one place, then from another."""

N_PLACES = 61
"""Places come round again after 20 seconds."""


def noise_places(n_bands: int, seed: int) -> NDArray[np.int64]:
    """(N_PLACES,) hops of the bank at which passes begin, in random order."""
    last = len(noise_bank(n_bands)) - PASS_HOPS
    return np.random.default_rng(seed).integers(last, size=N_PLACES)


def pass_fade() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gains (HOP,) of the pass that leaves and of the one that arrives, at equal power."""
    angle = np.arange(HOP) * (np.pi / 2 / HOP)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


class FilteredNoise:
    """Noise with per-band magnitudes that ramp linearly over each call.

    The bank is read from one place after another, cross-faded over one hop, so that no repetition
    is heard. Places follow from the seed: equal input gives equal output, however it is split
    into pieces, of which none goes beyond the end of a hop.
    """

    def __init__(self, n_bands: int, seed: int = 0) -> None:
        self._bank = noise_bank(n_bands)
        self._sums = np.empty((2, HOP), np.float32)
        self._leaving, self._arriving = pass_fade()
        self._places: list[int] = noise_places(n_bands, seed).tolist()
        self.reset()

    def reset(self) -> None:
        """Start again at the first place."""
        self._pass = self._hop = self._sample = 0

    def follow(self, other: "FilteredNoise") -> None:
        """Go on at the place of another noise; with as many bands it is the very same noise."""
        self._pass, self._hop, self._sample = other._pass, other._hop, other._sample

    def parts(self, ends: NDArray[np.float32], n: int) -> NDArray[np.float32]:
        """(2, HOP) samples with the first magnitudes and with the last, to be weighted by `ramps`.

        Args:
            ends: (2, n_bands) magnitudes at the first sample and one sample after the last.
            n: samples that are asked for, up to the end of the hop; what follows them is of no use.

        Returns:
            A buffer, valid until the next call.
        """
        sums, begin = self._sums, self._sample
        np.dot(ends, self._noises(), sums)
        self.skip(n)
        if begin:
            sums[:, :n] = sums[:, begin : begin + n]
        return sums

    def _noises(self) -> NDArray[np.float32]:
        """All bands in this hop, (n_bands, HOP)."""
        noises: NDArray[np.float32] = self._bank[self._place(0) + self._hop]
        if self._hop < PASS_HOPS - 1:
            return noises
        noises = noises * self._leaving
        noises += self._bank[self._place(1)] * self._arriving
        return noises

    def _place(self, ahead: int) -> int:
        return self._places[(self._pass + ahead) % N_PLACES]

    def skip(self, n: int) -> None:
        """Let n samples pass in silence, up to the end of the hop."""
        self._sample += n
        if self._sample < HOP:
            return
        self._sample = 0
        self._hop += 1
        if self._hop == PASS_HOPS:
            # The hop that was faded in has been heard already.
            self._pass, self._hop = self._pass + 1, 1
