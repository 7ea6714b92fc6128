"""Live monophonic pitch: two similarity windows, the short one for speed, the long one for bass."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.nsdf import LONG, SHORT, SHORT_ABOVE_HZ, Window, lowpass, nsdf, peak_lag
from ddsp_pi.frame import HOP

LOWEST_HZ, HIGHEST_HZ = 39.0, 2500.0
"""What the two windows can tell at all."""

SLACK, DOUBT, RATIO = 0.02, 9.0, 0.8
"""How far below the highest peak t the first peak, the pitch, may stay: t − slack − doubt · (1 − t), but not
under ratio · t. In a clean tone a strong second harmonic comes close to t, so little is forgiven; the
reverberation of other notes lifts common multiples of the periods above the true one, so more is."""

FAINT = 0.3
"""Similarity below which there is no pitch worth naming."""

BASS_LEAD, BASS_DOUBT = 0.12, 0.85
"""How much more similar the long window's bass must be than the short window's pitch of height h:
by the lead, or by doubt · (1 − h) where that is less."""

VOICED_ON, VOICED_OFF = 0.5, 0.3
"""Confidence that starts a voiced stretch, and below which it ends."""

LOUDEST = 8.0
"""Full scales at which broken input is cut, so that no square overflows."""


@dataclass(frozen=True, slots=True)
class Pitch:
    """One reading: f0 in Hz (held while unvoiced), voicing confidence 0..1, the decision."""

    f0_hz: float = 440.0
    confidence: float = 0.0
    voiced: bool = False


class PitchTracker:
    """Pitch of a live signal, one reading per hop, from nothing but the past.

    Each window's similarity (see `nsdf`) gives the first peak that is nearly as high as the highest.
    The short window decides, unless the long one hears something clearly more periodic below its
    range. A note is known 4 to 20 ms after it began above 110 Hz, and within 45 ms at 41 Hz.

    Args:
        low_hz, high_hz: range of the notes, within 39..2500 Hz.

    Raises:
        ValueError: an empty range, or one the windows cannot cover.
    """

    def __init__(self, low_hz: float = 40.0, high_hz: float = 2200.0) -> None:
        if not LOWEST_HZ <= low_hz < high_hz <= HIGHEST_HZ:
            raise ValueError(
                f"pitch range {low_hz}..{high_hz} Hz: choose one within {LOWEST_HZ}..{HIGHEST_HZ} Hz"
            )
        self._short = _Listener(SHORT, low_hz, high_hz)
        self._long = _Listener(LONG, low_hz, min(high_hz, SHORT_ABOVE_HZ * 2.0))
        self._hop = np.zeros(HOP, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._short.reset()
        self._long.reset()
        self._filled = 0
        self._offset = 0.0
        self._pitch = Pitch()

    def process(self, block: NDArray[np.float32]) -> list[Pitch]:
        """Take (n,) samples; return the pitch at each hop completed inside the block."""
        readings = []
        while len(block):
            piece = block[: HOP - self._filled]
            block = block[len(piece) :]
            self._hop[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            if self._filled == HOP:
                self._filled = 0
                readings.append(self._read())
        return readings

    def _read(self) -> Pitch:
        self._clean()
        f0_hz, height = self._short.hear(self._hop)
        bass_hz, bass_height = self._long.hear(self._hop)
        lead = min(BASS_LEAD, BASS_DOUBT * (1.0 - height))
        if 0.0 < bass_hz < SHORT_ABOVE_HZ and bass_height > height + lead:
            f0_hz, height = bass_hz, bass_height
        self._pitch = _decide(self._pitch, f0_hz, height)
        return self._pitch

    def _clean(self) -> None:
        """NaN → 0, far too loud → cut, and off with the slow offset of a DC-coupled input."""
        hop = self._hop
        if not np.isfinite(hop).all():
            np.nan_to_num(hop, copy=False)
        np.clip(hop, -LOUDEST, LOUDEST, out=hop)
        self._offset += 0.01 * (float(hop.sum()) / HOP - self._offset)
        hop -= np.float32(self._offset)


def _decide(last: Pitch, f0_hz: float, height: float) -> Pitch:
    confidence = min(max((height - 0.4) / 0.5, 0.0), 1.0)
    voiced = confidence > (VOICED_OFF if last.voiced else VOICED_ON)
    if voiced:
        return Pitch(f0_hz, confidence, True)
    return replace(last, confidence=confidence, voiced=False)


class _Listener:
    """One window over the decimated past, and the pitch in it."""

    def __init__(self, window: Window, low_hz: float, high_hz: float) -> None:
        self._window = window
        self._taps = lowpass(window.step)
        self._recent = np.zeros(len(self._taps) - window.step + HOP, np.float32)
        self._filtered = sliding_window_view(self._recent, len(self._taps))[:: window.step]
        self._past = np.zeros(window.length, np.float32)
        self._first = int(window.rate / high_hz)
        self._last = min(window.longest - 7, int(np.ceil(window.rate / low_hz)) + 1)

    def reset(self) -> None:
        self._recent[:] = 0.0
        self._past[:] = 0.0

    def hear(self, hop: NDArray[np.float32]) -> tuple[float, float]:
        """Take (HOP,) samples; return f0 in Hz and its similarity, or zeros."""
        _push(self._recent, hop)
        _push(self._past, self._filtered @ self._taps)
        lag, height = first_peak(nsdf(self._past, self._window), self._first, self._last)
        return (self._window.rate / lag if lag else 0.0), height


def first_peak(similarity: NDArray[np.float32], shortest: int, longest: int) -> tuple[float, float]:
    """The lag and height of the peak that is the pitch, or zeros where there is none.

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
        return 0.0, 0.0
    lags, heights = peak_lag(similarity, peaks)
    top = float(heights.max())
    first = int((heights >= max(top - SLACK - DOUBT * (1.0 - top), RATIO * top)).argmax())
    arch = int((similarity[peaks[first] :] < 0.0).argmax()) or len(similarity)
    last = int(peaks.searchsorted(peaks[first] + arch))
    best = first + int(heights[first:last].argmax())
    return float(lags[best]), float(heights[best])


def _push(past: NDArray[np.float32], new: NDArray[np.float32]) -> None:
    past[: -len(new)] = past[len(new) :]
    past[-len(new) :] = new
