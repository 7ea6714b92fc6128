"""Windows of one period and a bit: what they measure of a steady tone does not tremble with it.

A window whose copies, one period apart, add up to one lets every partial but the wanted one cancel out
exactly, and the mean square under it is that of the tone, wherever in the period it ends. It needs no more
than a period for that, so it answers sooner than any window that is made for all tones.
"""

import math

import numpy as np
from numpy.typing import NDArray


def whole_periods(f0_hz: float, rate_hz: float, shortest: float) -> tuple[int, float]:
    """How many periods last at least `shortest` samples, and how many samples they are."""
    period = rate_hz / f0_hz
    count = max(1, math.ceil(shortest / period))
    return count, count * period


def taper(length: float, edge: float, out: NDArray[np.float32]) -> NDArray[np.float32]:
    """The window of the newest samples, the newest last: flat, with an edge at both ends.

    Args:
        length: samples after which copies of it add up to one.
        edge: share of the length that an edge takes, 0..1; the window is 1 + edge lengths long.
        out: a buffer that is long enough.

    Returns:
        The last part of `out`, as long as the window.
    """
    n = min(math.ceil(length * (1.0 + edge)), len(out))
    window = out[len(out) - n :]
    window[:] = 1.0
    rising = min(math.ceil(length * edge), n)
    newest = np.arange(rising, 0, -1) - 0.5
    window[n - rising :] -= _fall(newest / (length * edge))
    oldest = np.arange(n, n - rising, -1) - 0.5
    window[:rising] *= _fall((oldest / length - 1.0) / edge)
    return window


def _fall(share: NDArray[np.floating]) -> NDArray[np.float64]:
    """An edge from 1 at 0 to 0 at 1."""
    falling: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.clip(share, 0.0, 1.0) * np.pi)
    return falling
