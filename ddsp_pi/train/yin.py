"""YIN (de Cheveigné & Kawahara 2002), as the judge of pitch.

It shares nothing with the trackers that made the labels, so it may check them.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE

WINDOW = 1536
LONGEST_LAG = 960
"""50 Hz."""
TYPICAL_LAG = 110
SHORTEST_LAG = 16
THRESHOLD = 0.15


def yin(audio: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """f0 in Hz and aperiodicity (0 = periodic) of frames centred on every hop, both (frames,)."""
    reach = WINDOW + LONGEST_LAG
    # The two windows compared lie a lag apart: their middle is half a (typical) lag late.
    before = (WINDOW + TYPICAL_LAG) // 2
    padded = np.pad(audio.astype(np.float64), (before, reach - before))
    frames = sliding_window_view(padded, reach)[: len(audio) + 1 : HOP]
    parts = [_of_frames(frames[at : at + 256]) for at in range(0, len(frames), 256)]
    return np.concatenate([f0 for f0, _ in parts]), np.concatenate([rough for _, rough in parts])


def _of_frames(frames: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    normalised = _normalised_difference(frames)
    rows = np.arange(len(frames))
    lag = _first_dip(normalised)
    before, at, after = (normalised[rows, lag + step] for step in (-1, 0, 1))
    curvature = before - 2.0 * at + after
    shift = np.where(curvature > 1e-12, 0.5 * (before - after) / np.maximum(curvature, 1e-12), 0.0)
    return SAMPLE_RATE / (lag + np.clip(shift, -1.0, 1.0)), at


def _normalised_difference(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    size = 4096
    head = np.fft.rfft(frames[:, :WINDOW], size)
    correlation = np.fft.irfft(np.fft.rfft(frames, size) * head.conj(), size)[:, : LONGEST_LAG + 1]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    shifted = energy[:, WINDOW : WINDOW + LONGEST_LAG + 1] - energy[:, : LONGEST_LAG + 1]
    difference = np.maximum(shifted[:, :1] + shifted - 2.0 * correlation, 0.0)
    running = np.cumsum(difference, axis=1)
    lags = np.arange(LONGEST_LAG + 1)
    return np.where(lags == 0, 1.0, difference * lags / np.maximum(running, 1e-12))


def _first_dip(normalised: NDArray[np.float64]) -> NDArray[np.intp]:
    """The first local minimum under the threshold, else the lowest point."""
    inner = normalised[:, SHORTEST_LAG:-1]
    falling = inner < normalised[:, SHORTEST_LAG - 1 : -2]
    dip = falling & (inner <= normalised[:, SHORTEST_LAG + 1 :]) & (inner < THRESHOLD)
    return np.asarray(SHORTEST_LAG + np.where(dip.any(axis=1), dip.argmax(axis=1), inner.argmin(axis=1)))
