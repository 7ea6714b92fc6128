"""Harmonic oscillator bank: all partials share one phase, amplitudes ramp inside a hop."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.frame import HOP, SAMPLE_RATE

NYQUIST_HZ = SAMPLE_RATE / 2

GROUPS = 4
"""More would take fewer powers, but more steps of Horner's rule."""

_TURN = 2.0**32
_RADIANS = np.float32(2.0 * np.pi / _TURN)

Complex = NDArray[np.complex64]


class HarmonicBank:
    """Sum of harmonic sines k·f0 whose pitch and amplitudes go linearly over each call.

    With z = exp(i·phase), Σ aₖ·sin(k·phase) is the imaginary part of a polynomial in z, and is evaluated
    as Paterson and Stockmeyer do ("On the number of nonscalar multiplications necessary to evaluate
    polynomials", 1973): the powers z … zᴶ of a quarter of the partials, by doubling (z, z², z³ z⁴, …);
    one product of matrices for the four quarters; and Horner's rule in zᴶ over these. So there is one
    sine and cosine per sample, and few calls, since on blocks this short a call costs more than its
    arithmetic. For that reason a shorter piece is the beginning of a whole hop.

    A harmonic is silent at every sample at which it would reach Nyquist, whatever the block it falls into.
    """

    def __init__(self, n_harmonics: int) -> None:
        self.n_harmonics = n_harmonics
        self._size = size = math.ceil(n_harmonics / GROUPS)
        at = np.arange(HOP, dtype=np.float64)
        self._lines = np.stack([np.ones(HOP), at, at * (at - 1.0) / 2.0])
        self._line = np.zeros(3)
        self._line_cells = cells(self._line)
        self._phases, self._wrapped = np.empty(HOP), np.empty(HOP, np.int64)
        # As a signed number the low half is the phase in −½…½ turns.
        self._low = self._wrapped.view(np.int32)[::2]
        self._angle = np.empty(HOP, np.float32)
        powers = np.empty((size, HOP), np.complex64)
        self._cos, self._sin, self._last = powers[0].real, powers[0].imag, powers[-1]
        self._doublings, self._basis = list(_doublings(powers)), powers.view(np.float32)
        self._turn = np.empty((2, HOP), np.complex64)
        self._padded = np.zeros((2, GROUPS, size), np.float32)
        self._amplitudes = self._padded.reshape(2, -1)[:, :n_harmonics]
        self._grouped = np.empty((GROUPS, 2, size), np.float32)
        self._grouping = self._grouped.swapaxes(0, 1)
        groups = np.empty((GROUPS, 2, HOP), np.complex64)
        self._groups = list(groups)
        # Of the first so many groups: coefficients, and where their sums go.
        self._products = [
            (self._grouped[:count].reshape(-1, size), groups[:count].view(np.float32).reshape(-1, 2 * HOP))
            for count in range(1, GROUPS + 1)
        ]
        self._sums = np.empty((2, HOP), np.float32)
        self.reset()

    def reset(self) -> None:
        """Start again at phase zero."""
        self._phase = 0.0

    def turn_to(self, turns: float) -> None:
        """Go on at this phase, 0..1."""
        self._phase = turns

    def follow(self, other: "HarmonicBank") -> None:
        """Go on at the phase of another bank."""
        self._phase = other._phase

    def parts(
        self, f0_hz: tuple[float, float], ends: NDArray[np.float32], n: int, most: int
    ) -> NDArray[np.float32]:
        """(2, HOP) samples with the first amplitudes and with the last, to be weighted by `ramps`.

        Args:
            f0_hz: fundamental at the first sample and one sample after the last, Hz.
            ends: (2, n_harmonics) peak amplitudes there.
            n: samples that are asked for, up to HOP; what follows them is of no use.
            most: partials beyond it are known to be silent.

        Returns:
            A buffer, valid until the next call.
        """
        first, step = f0_hz[0], (f0_hz[1] - f0_hz[0]) / n
        last = first + (n - 1) * step
        always = min(most, _below_nyquist(max(first, last)))
        self._roll(first, step, n)
        sums = self._polynomial(ends, always)
        audible = min(most, _below_nyquist(min(first, last)))
        if always < audible:
            numbers = np.arange(always + 1, audible + 1)[:, None]
            sines = np.sin(numbers * self._phases * (2.0 * np.pi / _TURN))
            sines *= numbers * (first + step * np.arange(HOP)) < NYQUIST_HZ
            sums += ends[:, always:audible] @ sines.astype(np.float32)
        return sums

    def skip(self, f0_hz: tuple[float, float], n: int) -> None:
        """Let n samples pass in silence."""
        self._advance(f0_hz[0], (f0_hz[1] - f0_hz[0]) / n, n)

    def _roll(self, first_hz: float, step_hz: float, n: int) -> None:
        """The phases of a hop; the running phase moves by n samples."""
        line, unit = self._line_cells, _TURN / SAMPLE_RATE
        line[0], line[1], line[2] = self._phase * _TURN, first_hz * unit, step_hz * unit
        self._line.dot(self._lines, self._phases)
        self._advance(first_hz, step_hz, n)

    def _advance(self, first_hz: float, step_hz: float, n: int) -> None:
        turns = n * (first_hz + (n - 1) / 2 * step_hz) / SAMPLE_RATE
        self._phase = (self._phase + turns) % 1.0

    def _polynomial(self, ends: NDArray[np.float32], partials: int) -> NDArray[np.float32]:
        """(2, HOP) sums of the first partials."""
        count = math.ceil(partials / self._size)
        if count == 0:
            self._sums[:] = 0.0
            return self._sums
        self._fill_powers()
        self._group(ends, partials)
        coefficients, sums = self._products[count - 1]
        coefficients.dot(self._basis, sums)
        total = self._groups[count - 1]
        for group in self._groups[: count - 1][::-1]:
            np.multiply(total, self._turn, total)
            np.add(total, group, total)
        np.copyto(self._sums, total.imag)
        return self._sums

    def _fill_powers(self) -> None:
        angle = self._angle
        np.copyto(self._wrapped, self._phases, casting="unsafe")
        np.multiply(self._low, _RADIANS, angle, dtype=np.float32, casting="unsafe")
        np.cos(angle, self._cos)
        np.sin(angle, self._sin)
        for low, high, product in self._doublings:
            np.multiply(low, high, product)
        np.copyto(self._turn, self._last)

    def _group(self, ends: NDArray[np.float32], partials: int) -> None:
        np.copyto(self._amplitudes, ends)
        if partials < self.n_harmonics:
            self._amplitudes[:, partials:] = 0.0
        np.copyto(self._grouping, self._padded)


def _doublings(powers: Complex) -> Iterator[tuple[Complex, Complex, Complex]]:
    """Products, in this order, that make row k − 1 the power k of row 0."""
    filled = 1
    while filled < len(powers):
        more = min(filled, len(powers) - filled)
        # A single row as such, for a product of vectors is called in half the time.
        rows = slice(filled, filled + more) if more > 1 else filled
        yield powers[:more] if more > 1 else powers[0], powers[filled - 1], powers[rows]
        filled += more


def _below_nyquist(f0_hz: float) -> int:
    return math.ceil(NYQUIST_HZ / max(f0_hz, 1e-3)) - 1
