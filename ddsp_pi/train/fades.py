"""Where a recording begins to end: faded out by an editor, or let go by the player."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.train.silences import PIECE, levels_db

STEADY_S = (1.2, 0.5)
"""From when to when before its end a note is taken to decay as it does."""

STEEPEST_DB = 40.0
"""Decay per second: a note that dies faster is not told from a fade, and ends soon anyway."""

FADED_DB, BEGUN_DB = 8.0, 1.0
"""So far below that decay a note that is faded ends, and so far below it is when the fade begins."""

LAST_S = 0.06

SOUNDS_DB, SUSTAINED_DB = 20.0, 4.0
"""Below its peak a note sounds, and below what it is on the whole while it does, it is let go."""

Array = NDArray[np.float64]


def without_fade(audio: NDArray[np.float32]) -> int:
    """Samples of a held note until its fade begins; all of them if it has none, or is shorter than 1.2 s."""
    levels = levels_db(audio)
    before, after = (len(levels) - round(seconds * SAMPLE_RATE / PIECE) for seconds in STEADY_S)
    if before < 0:
        return len(audio)
    at = np.arange(len(levels))
    slope, start = np.polyfit(at[before:after], levels[before:after], 1)
    below = start + slope * at - levels
    last = below[-round(LAST_S * SAMPLE_RATE / PIECE) :]
    if slope < -STEEPEST_DB * PIECE / SAMPLE_RATE or np.median(last) < FADED_DB:
        return len(audio)
    return int(np.flatnonzero(_calm(below) < BEGUN_DB)[-1]) * PIECE


def let_go(audio: NDArray[np.float32]) -> int:
    """Sample at which a note that was sustained, by breath or bow, is let go: the last that is loud."""
    levels = _calm(levels_db(audio))
    sounding = levels[levels > levels.max() - SOUNDS_DB]
    sustained = float(np.median(sounding[len(sounding) // 2 :]))
    return int(np.flatnonzero(levels > sustained - SUSTAINED_DB)[-1] + 1) * PIECE


def _calm(values: Array) -> Array:
    """Means over 70 ms, for low notes tremble."""
    return np.convolve(np.pad(values, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
