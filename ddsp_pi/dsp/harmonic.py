"""Harmonic oscillator bank: all partials share one phase, amplitudes ramp inside a hop."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE

NYQUIST_HZ = SAMPLE_RATE / 2


class HarmonicBank:
    """Sum of harmonic sines k·f0 with amplitudes that ramp linearly over each call.

    The sines are powers of one complex phasor, made by doubling (z, z², z³ z⁴, …): one sine and
    cosine per sample and two multiplications per partial. The phase is kept in float64 cycles and
    wrapped, so it does not drift. Harmonics that would reach Nyquist anywhere in a block are left out.
    """

    def __init__(self, n_harmonics: int, max_block: int = HOP) -> None:
        self.n_harmonics = n_harmonics
        self.max_block = max_block
        self._powers = np.empty((n_harmonics, max_block), np.complex64)
        self._amplitudes = np.empty((2, n_harmonics), np.float32)
        self._sums = np.empty((2, 2 * max_block), np.float32)
        self._cycles = np.empty(max_block + 1, np.float64)
        self._ramp = np.arange(max_block, dtype=np.float32)
        self._phase = 0.0

    def reset(self) -> None:
        """Start again at phase zero."""
        self._phase = 0.0

    def render(
        self,
        f0_hz: NDArray[np.float64],
        start: NDArray[np.float32],
        end: NDArray[np.float32],
        out: NDArray[np.float32],
    ) -> None:
        """Write n = len(out) ≤ max_block samples.

        Args:
            f0_hz: (n,) fundamental of every sample, Hz.
            start: (n_harmonics,) peak amplitudes at the first sample.
            end: (n_harmonics,) peak amplitudes one sample after the last.
            out: (n,) overwritten.
        """
        n = len(out)
        audible = self._audible(float(f0_hz.max()))
        self._advance(f0_hz, n)
        if audible == 0:
            out[:] = 0.0
            return
        self._fill_powers(audible, n)
        amplitudes = self._amplitudes[:, :audible]
        amplitudes[0] = start[:audible]
        np.subtract(end[:audible], start[:audible], out=amplitudes[1])
        sums = np.matmul(
            amplitudes, self._powers[:audible].view(np.float32)[:, : 2 * n], out=self._sums[:, : 2 * n]
        )
        sines = sums[:, 1::2]
        np.multiply(sines[1], self._ramp[:n], out=out)
        out *= 1.0 / n
        out += sines[0]

    def _audible(self, highest_f0_hz: float) -> int:
        below_nyquist = int(np.ceil(NYQUIST_HZ / max(highest_f0_hz, 1e-3))) - 1
        return min(self.n_harmonics, below_nyquist)

    def _advance(self, f0_hz: NDArray[np.float64], n: int) -> None:
        cycles = self._cycles[: n + 1]
        cycles[0] = self._phase
        np.multiply(f0_hz, 1.0 / SAMPLE_RATE, out=cycles[1:])
        np.cumsum(cycles, out=cycles)
        self._phase = float(cycles[n]) % 1.0

    def _fill_powers(self, audible: int, n: int) -> None:
        angle = self._cycles[:n] * (2.0 * np.pi)
        powers = self._powers[:, :n]
        powers[0].real = np.cos(angle)
        powers[0].imag = np.sin(angle)
        filled = 1
        while filled < audible:
            more = min(filled, audible - filled)
            np.multiply(powers[:more], powers[filled - 1], out=powers[filled : filled + more])
            filled += more
