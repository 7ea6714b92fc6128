"""The spectral envelope of a voice from its partials, over little more than a period of it.

As in CheapTrick (Morise, Speech Communication 67, 2015) window and smoothing follow the pitch: the power
spectrum of about two periods is summed over a band around every partial. Low partials have narrow bands,
so that they read what they are; high ones get whole spacings, for there a pitch that is a hundredth wrong
points between partials. Through their levels in dB goes a smooth curve.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.periods import taper, whole_periods
from ddsp_pi.frame import SAMPLE_RATE

EDGE = 1.0
"""Share of a period that each edge of the window takes."""

SHORTEST = 0.003 * SAMPLE_RATE
"""Samples that the periods of a window last at least."""

SMALLEST, LARGEST = 1024, 4096
"""Lengths of the transform."""

PARTIALS = 540
"""As many as the lowest note has below HIGHEST_HZ."""

HIGHEST_HZ = 21_000.0
"""Partials above are as loud as the last one below: of a recording that was compressed nothing is left."""

NARROW, WIDER = 0.3, 0.015
"""Width of the first partial's band in spacings, and what each next one has more, up to a whole spacing."""

FLOOR = 1e-7
"""Least amplitude, −140 dBFS; it only keeps logarithms finite."""

_REACH = 8
"""Neighbours on either side whose power in a band counts."""

_SAMPLES = 1024
"""Of a length of the window whose shares are found."""


class SpectralEnvelope:
    """Amplitudes of the partials of what was heard last, and of others under the same curve."""

    def __init__(self) -> None:
        self._window = np.zeros(LARGEST, np.float32)
        self._framed = np.zeros(LARGEST, np.float32)
        self._sums = np.zeros(LARGEST // 2 + 2)
        self._numbers, self._half_widths = np.arange(1.0, PARTIALS + 1.0), half_widths()
        # The level of every partial in nepers, with one more before the first and two behind the last.
        self._levels = np.zeros(PARTIALS + 3)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: silence under the curve."""
        self.f0_hz, self.count = 440.0, 1
        self._levels[:] = math.log(FLOOR)

    def hear(self, past: NDArray[np.float32], f0_hz: float) -> None:
        """Take at least the newest 4096 samples, the newest last, and the pitch that they have, in Hz."""
        periods, length = whole_periods(f0_hz, SAMPLE_RATE, SHORTEST)
        window = taper(length, EDGE, self._window)
        size = _transform(length)
        framed = self._framed[: len(window)]
        np.multiply(past[-len(window) :], window, out=framed)
        spectrum = np.fft.rfft(framed, size)
        sums = self._sums[: size // 2 + 2]
        np.cumsum(spectrum.real**2 + spectrum.imag**2, out=sums[1:])
        self.f0_hz, self.count = f0_hz, min(PARTIALS, max(1, int(HIGHEST_HZ / f0_hz)))
        power = self._bands(sums, f0_hz * size / SAMPLE_RATE) / shares(periods)[: self.count]
        self._draw(power * (4.0 / (size * length)))

    def _bands(self, sums: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Power around every partial, (count,); the spacing is in bins."""
        centres = self._numbers[: self.count] * spacing + 0.5
        reach = self._half_widths[: self.count] * spacing
        return _between(sums, centres + reach) - _between(sums, centres - reach)

    def _draw(self, squares: NDArray[np.float64]) -> None:
        levels, count = self._levels, self.count
        levels[1 : count + 1] = 0.5 * np.log(np.maximum(squares, FLOOR * FLOOR))
        levels[0], levels[count + 1 :] = levels[1], levels[count]

    def sample(self, f0_hz: float, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """Amplitudes that partials k·f0, k = 1…K, have under the curve, into (K,); 0 above Nyquist.

        Args:
            f0_hz: Hz, more than 0.
            formant_ratio: 2 moves the curve up by an octave.
            out: (K,) linear peak amplitudes.
        """
        place = np.arange(1.0, len(out) + 1.0) * (f0_hz / (formant_ratio * self.f0_hz))
        np.exp(self._curve(np.asarray(place, np.float64)), out=out, casting="same_kind")
        out[max(0, math.ceil(SAMPLE_RATE / 2 / f0_hz) - 1) :] = 0.0

    def _curve(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Levels between the partials, a cubic through each four of them (Catmull and Rom, 1974)."""
        place = np.minimum(place, float(self.count))
        first = place.astype(np.intp)
        t = place - first
        before = self._levels[np.maximum(first - 1, 0)]
        here, after = self._levels[first], self._levels[first + 1]
        beyond = self._levels[first + 2]
        slope, end_slope = 0.5 * (after - before), 0.5 * (beyond - here)
        step = after - here
        curve: NDArray[np.float64] = here + t * (
            slope + t * (3.0 * step - 2.0 * slope - end_slope + t * (slope + end_slope - 2.0 * step))
        )
        return curve


def _transform(length: float) -> int:
    """Length of the transform: with a fourth part of window its power is drawn finely enough."""
    size = SMALLEST
    while size < 4.0 * length and size < LARGEST:
        size *= 2
    return size


def _between(sums: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) values between those of (bins,) running sums; beyond the last there is no more."""
    place = np.minimum(np.maximum(place, 0.0), len(sums) - 1.001)
    below = place.astype(np.intp)
    start = sums[below]
    found: NDArray[np.float64] = start + (place - below) * (sums[below + 1] - start)
    return found


def half_widths() -> NDArray[np.float64]:
    """(PARTIALS,) half the width of each band in spacings."""
    widths = np.minimum(1.0, NARROW + WIDER * np.arange(PARTIALS))
    return np.asarray(0.5 * widths, np.float64)


@cache
def shares(periods: int) -> NDArray[np.float64]:
    """(PARTIALS,) what each band holds of equal partials, when the window's length is so many periods.

    The unit is one bin of a transform as long as the periods, with all the power of a partial's middle.
    """
    fine, extent = 32, (_REACH + 2) * periods
    window = taper(float(_SAMPLES), EDGE, np.zeros(2 * _SAMPLES, np.float32)).astype(np.float64)
    # One bin of this transform is 1 / fine of a bin of the length, and periods · fine are one spacing.
    power = np.abs(np.fft.rfft(window, fine * _SAMPLES)[: extent * fine]) ** 2 / _SAMPLES**2
    both = np.concatenate([power[:0:-1], power])
    sums = np.concatenate([[0.0], np.cumsum(both)]) / fine
    middle = len(power) - 0.5
    neighbours = np.arange(-_REACH, _REACH + 1)[:, None]
    centres, reach = middle + neighbours * periods * fine, half_widths() * periods * fine
    found: NDArray[np.float64] = (_between(sums, centres + reach) - _between(sums, centres - reach)).sum(0)
    return found
