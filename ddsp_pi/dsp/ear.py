"""One similarity window over the live past, and the pitch in it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.nsdf import Window, lowpass, nsdf, peak_lag
from ddsp_pi.frame import HOP

SLACK, DOUBT, RATIO = 0.02, 9.0, 0.8
"""How far below the highest peak t the first peak, the pitch, may stay: t − slack − doubt · (1 − t), but not
under ratio · t. In a clean tone a strong second harmonic comes close to t, so little is forgiven; the
reverberation of other notes lifts common multiples of the periods above the true one, so more is."""

FAINT = 0.3
"""Similarity below which there is no pitch worth naming."""


OCTAVE = 0.03
"""How far from twice the period, as a share of it, its peak may stand."""


@dataclass(frozen=True, slots=True)
class Tone:
    """What an ear hears: f0 in Hz and its similarity, and the same of the octave below; zeros for none."""

    f0_hz: float = 0.0
    height: float = 0.0
    below_hz: float = 0.0
    below_height: float = 0.0


SILENCE = Tone()
"""No tone at all."""


class Ear(Protocol):
    """One window over the decimated past, and the pitch in it."""

    def reset(self) -> None:
        """Forget what was heard."""

    def hear(self, hop: NDArray[np.float32]) -> Tone:
        """Take (HOP,) samples; return the tone in the past they end."""


class NumpyEar:
    """See Ear."""

    def __init__(self, window: Window, low_hz: float, high_hz: float) -> None:
        self._window = window
        self._taps = lowpass(window.step)
        self._recent = np.zeros(len(self._taps) - window.step + HOP, np.float32)
        self._filtered = sliding_window_view(self._recent, len(self._taps))[:: window.step]
        self._past = np.zeros(window.length, np.float32)
        self._first, self._last = lags_of(window, low_hz, high_hz)

    def reset(self) -> None:
        """See Ear."""
        self._recent[:] = 0.0
        self._past[:] = 0.0

    def hear(self, hop: NDArray[np.float32]) -> Tone:
        """See Ear."""
        _push(self._recent, hop)
        _push(self._past, self._filtered @ self._taps)
        lags = first_peak(nsdf(self._past, self._window), self._first, self._last)
        return tone_of(self._window.rate, *lags)


def lags_of(window: Window, low_hz: float, high_hz: float) -> tuple[int, int]:
    """The shortest and the longest lag at which notes from low to high are looked for."""
    return int(window.rate / high_hz), min(window.longest - 7, int(np.ceil(window.rate / low_hz)) + 1)


def tone_of(rate: float, lag: float, height: float, below: float, below_height: float) -> Tone:
    """The tone of a lag at a rate, and that of the lag an octave below; 0 is none."""
    return Tone(rate / lag if lag else 0.0, height, rate / below if below else 0.0, below_height)


def first_peak(
    similarity: NDArray[np.float32], shortest: int, longest: int
) -> tuple[float, float, float, float]:
    """The lag and height of the peak that is the pitch, and of the one at twice the lag; zeros for none.

    The first that is nearly as high as the highest, past the first dip below zero; where one arch between
    two dips has several peaks, its highest.

    Args:
        similarity: (lags,) from `nsdf`.
        shortest, longest: the range to look in.
    """
    dip = int((similarity < 0.0).argmax())
    start = max(dip, shortest)
    inside = similarity[start - 1 : longest + 2]
    here = inside[1:-1]
    peaks = start + ((here > FAINT) & (here >= inside[:-2]) & (here > inside[2:])).nonzero()[0]
    if dip == 0 or len(peaks) == 0:
        return 0.0, 0.0, 0.0, 0.0
    lags, heights = peak_lag(similarity, peaks)
    # Interpolated, it may come out above 1 where the sound has just become softer.
    top = min(float(heights.max()), 1.0)
    first = int((heights >= max(top - SLACK - DOUBT * (1.0 - top), RATIO * top)).argmax())
    arch = int((similarity[peaks[first] :] < 0.0).argmax()) or len(similarity)
    last = int(peaks.searchsorted(peaks[first] + arch))
    best = first + int(heights[first:last].argmax())
    lag = float(lags[best])
    below = np.where(np.abs(lags - 2.0 * lag) <= OCTAVE * 2.0 * lag, heights, 0.0)
    octave = int(below.argmax())
    lower = float(lags[octave]) if below[octave] > 0.0 else 0.0
    return lag, float(heights[best]), lower, float(below[octave])


def _push(past: NDArray[np.float32], new: NDArray[np.float32]) -> None:
    past[: -len(new)] = past[len(new) :]
    past[-len(new) :] = new
