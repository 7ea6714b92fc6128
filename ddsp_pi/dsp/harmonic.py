"""Harmonic oscillator bank: all partials share one phase, amplitudes ramp inside a hop."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.ramp import Ramp
from ddsp_pi.frame import HOP, SAMPLE_RATE

NYQUIST_HZ = SAMPLE_RATE / 2


_TURN = 2.0**64
_RADIANS = np.float32(2.0 * np.pi / 2**32)


class HarmonicBank:
    """Sum of harmonic sines k·f0 with amplitudes that ramp linearly over each call.

    The sines are powers of one complex phasor, made by doubling (z, z², z³ z⁴, …): one sine and
    cosine per sample and one complex product per partial. A float32 sine per partial is a sixth
    faster on wide SIMD, but a third slower on narrow SIMD such as a Pi has. The running phase is an
    integer of 64 bits, a full turn being 2⁶⁴, so nothing drifts. A harmonic is silent at every
    sample at which it would reach Nyquist, whatever the block it falls into.
    """

    def __init__(self, n_harmonics: int, max_block: int = HOP) -> None:
        self.n_harmonics = n_harmonics
        self.max_block = max_block
        self._numbers = np.arange(1, n_harmonics + 1)[:, None]
        self._powers = np.empty((n_harmonics, max_block), np.complex64)
        self._amplitudes = np.empty((2, n_harmonics), np.float32)
        self._sums = np.empty((2, 2 * max_block), np.float32)
        self._steps = np.empty(max_block + 1, np.uint64)
        self._phases = np.empty(max_block + 1, np.uint64)
        self._mixer = Ramp(max_block)
        self._phase = np.uint64(0)

    def reset(self) -> None:
        """Start again at phase zero."""
        self._phase = np.uint64(0)

    def follow(self, other: "HarmonicBank") -> None:
        """Go on at the phase of another bank."""
        self._phase = other._phase

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
        self._mixer.mix(self.parts(f0_hz, start, end), out)

    def parts(
        self, f0_hz: NDArray[np.float64], start: NDArray[np.float32], end: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The block of `render` as the two parts of a `Ramp`, (2, n), valid until the next call."""
        n = len(f0_hz)
        audible, always = self._audible(f0_hz, _used(start, end))
        powers = self._powers[:audible]
        self._fill(powers[:, :n], self._advance(f0_hz, n))
        if always < audible:
            powers[always:, :n] *= self._numbers[always:audible] * f0_hz < NYQUIST_HZ
        amplitudes = self._amplitudes[:, :audible]
        amplitudes[0] = start[:audible]
        np.subtract(end[:audible], start[:audible], out=amplitudes[1])
        sums = np.matmul(amplitudes, powers.view(np.float32)[:, : 2 * n], out=self._sums[:, : 2 * n])
        return sums[:, 1::2]

    def skip(self, f0_hz: NDArray[np.float64]) -> None:
        """Let (n,) samples pass in silence."""
        self._advance(f0_hz, len(f0_hz))

    def _audible(self, f0_hz: NDArray[np.float64], used: int) -> tuple[int, int]:
        """How many of the first partials stay below Nyquist at some sample, and how many at all of them."""
        always = min(used, _below_nyquist(float(np.maximum.reduce(f0_hz))))
        if always == used:
            return always, always
        return min(used, _below_nyquist(float(np.minimum.reduce(f0_hz)))), always

    def _advance(self, f0_hz: NDArray[np.float64], n: int) -> NDArray[np.uint32]:
        """Phases of n samples, and the running phase moved on behind them."""
        np.multiply(f0_hz, _TURN / SAMPLE_RATE, out=self._steps[1 : n + 1], casting="unsafe")
        self._steps[0] = self._phase
        phases = np.cumsum(self._steps[: n + 1], out=self._phases[: n + 1])
        self._phase = phases[n]
        return (phases[:n] >> np.uint64(32)).astype(np.uint32)

    def _fill(self, powers: NDArray[np.complex64], phases: NDArray[np.uint32]) -> None:
        """Row k − 1 of powers becomes exp(i·k·phase)."""
        audible, filled = len(powers), 1
        if audible == 0:
            return
        # Read as signed, the same bits are an angle in −π…π.
        angle = np.multiply(phases.view(np.int32), _RADIANS, dtype=np.float32, casting="unsafe")
        np.cos(angle, out=powers[0].real)
        np.sin(angle, out=powers[0].imag)
        while filled < audible:
            more = min(filled, audible - filled)
            np.multiply(powers[:more], powers[filled - 1], out=powers[filled : filled + more])
            filled += more


def _used(start: NDArray[np.float32], end: NDArray[np.float32]) -> int:
    """How many partials there are up to the last one that is not silent all the time."""
    if start[-1] or end[-1]:
        return len(start)
    used = np.flatnonzero((start != 0.0) | (end != 0.0))
    return int(used[-1]) + 1 if len(used) else 0


def _below_nyquist(f0_hz: float) -> int:
    return math.ceil(NYQUIST_HZ / max(f0_hz, 1e-3)) - 1
