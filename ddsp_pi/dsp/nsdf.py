"""Normalised square difference function: the similarity of a sound to itself one lag earlier.

After McLeod and Wyvill, "A smarter way to find pitch" (ICMC 2005), with a constant number of
products at every lag as in YIN (de Cheveigné and Kawahara, JASA 2002): then a peak of a periodic
sound reaches 1 exactly and stands exactly at the period.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE

CENTS = 1200.0
QUIET = 1e-7
"""Mean square below which a window counts as silence (−70 dBFS)."""

REACH = 6
"""Lags on either side of a peak that its interpolation reads."""

FINE = 16
"""Interpolated points per lag; a parabola through the best three does the rest."""

_CHUNK = 1024
"""Frames per batch: keeps the working set in the cache."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one NSDF looks at. All counts are samples at `SAMPLE_RATE / step`.

    The newest `width` samples are compared with those `lag` earlier, for lags 0..`longest`, so
    a frame spans width + lag samples: high notes are seen sooner than low ones.
    """

    step: int
    width: int
    longest: int

    @property
    def rate(self) -> float:
        """Hz."""
        return SAMPLE_RATE / self.step

    @property
    def length(self) -> int:
        """Samples that one frame reads."""
        return self.width + self.longest


SHORT = Window(step=2, width=240, longest=240)
"""10 ms and a period, down to 103 Hz: quick."""

LONG = Window(step=4, width=252, longest=324)
"""21 ms and a period, down to 38 Hz: bass."""

SHORT_ABOVE_HZ = 110.0
"""Where the short window takes over."""


def lowpass(step: int) -> NDArray[np.float32]:
    """Symmetric taps (16·step + 1,) of unit gain at DC for keeping every step-th sample."""
    n = np.arange(-8 * step, 8 * step + 1)
    taps = np.sinc(n * 0.7 / step) * np.hanning(len(n) + 2)[1:-1]
    return np.asarray(taps / taps.sum(), np.float32)


def decimate(audio: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Every step-th sample of (n,) audio after a zero-phase low-pass: (ceil(n / step),)."""
    taps = lowpass(step)
    padded = np.pad(audio, len(taps) // 2)
    frames = sliding_window_view(padded, len(taps))[::step]
    kept: NDArray[np.float32] = frames @ taps
    return kept


def nsdf(frames: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """Similarity −1..1 at lags 0..longest of (…, window.length) frames: (…, longest + 1).

    Silent frames give zeros.
    """
    products = _products(frames, window)
    energy = _energies(frames, window)
    total = energy + energy[..., :1]
    total[total < 2.0 * QUIET * window.width] = np.inf
    similarity: NDArray[np.float32] = (2.0 * products / total).astype(np.float32)
    return np.maximum(np.minimum(similarity, 1.0), -1.0)


def _products(frames: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """The newest `width` samples times those a lag earlier: (…, longest + 1)."""
    newest = frames[..., window.longest :]
    if frames.ndim == 1:  # for one frame the direct sum is quicker than three transforms
        return np.correlate(frames, newest)[::-1]
    spectrum = np.fft.rfft(frames) * np.fft.rfft(newest, window.length).conj()
    every_lag = np.fft.irfft(spectrum, window.length)[..., window.longest :: -1]
    return np.asarray(every_lag, np.float32)


def _energies(frames: NDArray[np.float32], window: Window) -> NDArray[np.float64]:
    """Sum of squares of the `width` samples that end each lag before the newest: (…, longest + 1)."""
    running = np.zeros((*frames.shape[:-1], window.length + 1))
    np.cumsum(np.square(frames), axis=-1, out=running[..., 1:])
    energies: NDArray[np.float64] = (running[..., window.width :] - running[..., : -window.width])[..., ::-1]
    return energies


def _interpolator() -> NDArray[np.float32]:
    """(2·reach + 1, 2·fine + 1): values around a peak → values at lags −1..1 in steps of 1 / fine.

    Least-squares interpolation of a spectrum that falls linearly to zero at 0.8 of Nyquist: a windowed
    sinc of this length moves a peak that lies between two lags by a tenth of a lag.
    """
    lags = np.arange(-REACH, REACH + 1.0)
    at = np.arange(-FINE, FINE + 1) / FINE
    known = _correlation(lags[:, None] - lags) + 1e-7 * np.eye(len(lags))
    return np.linalg.solve(known, _correlation(lags[:, None] - at)).astype(np.float32)


def _correlation(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sinc(0.4 * distance) ** 2


INTERPOLATOR = _interpolator()
"""What `peak_lag` interpolates with."""

_AROUND = np.arange(-REACH, REACH + 1)
_NEXT_TO = np.array([[-1], [0], [1]])


def peak_lag(
    similarity: NDArray[np.float32], lag: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where between the lags each peak stands and how high it is.

    Band-limited interpolation to 1/16 lag, then a parabola: on a lag of 10 samples a parabola alone
    is wrong by several cents, and the samples alone miss a fifth of the height of a narrow peak.

    Args:
        similarity: (lags,), or (peaks, lags) with a row for every peak.
        lag: (peaks,) highest sample of each peak, < lags - 6.

    Returns:
        (peaks,) fractional lag and (peaks,) height.
    """
    every = np.arange(len(lag))
    columns = np.abs(lag[:, None] + _AROUND)
    fine = (
        similarity[columns] if similarity.ndim == 1 else similarity[every[:, None], columns]
    ) @ INTERPOLATOR
    best = fine[:, 1:-1].argmax(axis=1) + 1
    before, here, after = fine[every, best + _NEXT_TO].astype(np.float64)
    slope = 0.5 * (before - after)
    shift = np.maximum(np.minimum(slope / np.minimum(before - 2.0 * here + after, -1e-12), 1.0), -1.0)
    return lag + (best - FINE + shift) / FINE, here - 0.5 * slope * shift


def refine_f0(
    audio: NDArray[np.float32], guess_hz: NDArray[np.float64], hop: int = HOP
) -> NDArray[np.float64]:
    """Fine pitch by our own tracker near the notes that a strong tracker found.

    Each frame moves to the highest similarity peak within 1.5 semitones of its guess; where there
    is no peak, or one below 0.5, and outside 40..4000 Hz, the guess stays.

    Args:
        audio: (n,) samples at 48 kHz.
        guess_hz: (frames,) rough f0, frame m centred on sample m·hop.
        hop: samples between frames.

    Returns:
        (frames,) f0 in Hz.
    """
    refined = np.array(guess_hz, np.float64)
    known = np.isfinite(refined) & (refined >= 40.0) & (refined <= 4000.0)
    high = refined >= SHORT_ABOVE_HZ
    for window, mine in ((SHORT, known & high), (LONG, known & ~high)):
        frames = np.flatnonzero(mine)
        slow = decimate(audio, window.step)
        for at in range(0, len(frames), _CHUNK):
            chosen = frames[at : at + _CHUNK]
            refined[chosen] = _refine(slow, chosen * hop, refined[chosen], window)
    return refined


def _refine(
    slow: NDArray[np.float32], centres: NDArray[np.intp], guess_hz: NDArray[np.float64], window: Window
) -> NDArray[np.float64]:
    guess = window.rate / guess_hz
    similarity = nsdf(centred_frames(slow, centres / window.step, guess, window), window)
    lag = _highest_near(similarity, guess)
    found = np.flatnonzero(lag)
    exact, height = peak_lag(similarity[found], lag[found])
    guess[found] = np.where(height > 0.5, exact, guess[found])
    refined: NDArray[np.float64] = window.rate / guess
    return refined


def centred_frames(
    slow: NDArray[np.float32],
    centres: NDArray[np.floating],
    lag: NDArray[np.float64] | float,
    window: Window,
) -> NDArray[np.float32]:
    """(frames, window.length) pieces of decimated audio whose comparison at `lag` is centred.

    Args:
        slow: decimated audio; zeros are read beyond its ends.
        centres: (frames,) in samples of `slow`.
        lag: (frames,) or scalar, samples.
    """
    last = np.rint(centres + 0.5 * (window.width + lag)).astype(np.intp)
    padded = np.pad(slow, window.length)
    pieces: NDArray[np.float32] = sliding_window_view(padded, window.length)
    chosen: NDArray[np.float32] = pieces[np.minimum(last, len(slow) + window.width)]
    return chosen


def _highest_near(similarity: NDArray[np.float32], guess: NDArray[np.float64]) -> NDArray[np.intp]:
    """(frames,) lag of the highest local maximum within 1.5 semitones of the guess, or 0.

    Half a sample is added at both ends, or the highest notes would have no lag to look at.
    """
    inner = similarity[:, 1:-1]
    lags = np.arange(1, similarity.shape[1] - 1)
    top = (inner >= similarity[:, :-2]) & (inner > similarity[:, 2:])
    centre, ratio = guess[:, None], 2.0 ** (1.5 / 12.0)
    top &= (lags >= centre / ratio - 0.5) & (lags <= centre * ratio + 0.5)
    top[:, -REACH:] = False
    best = np.where(top, inner, -np.inf).argmax(axis=1)
    return np.where(top[np.arange(len(best)), best], lags[best], 0)
