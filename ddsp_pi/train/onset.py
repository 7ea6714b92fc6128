"""The first sample of a note, found to a few samples."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

LOUD_DB, BEGUN_DB = -6.0, -12.0
"""Below its peak: nothing before a note is so loud, and how fast it rises is seen between the two."""

STEP_DB = -3.0
LOWEST_DB = -48.0
"""The rise is followed down in steps, no further than this."""

GENTLY = 3
"""A step down may take so much longer than the last 6 dB: what is blown rises ever faster, from a breath."""

SHORTEST, LONGEST = round(0.001 * SAMPLE_RATE), round(0.03 * SAMPLE_RATE)
"""Samples that a step down may lie back."""


def find_onset(audio: NDArray[np.float32]) -> int:
    """Where a recording of one note begins to sound, as a sample of it.

    From where the level first comes within 12 dB of its peak the rise is followed back, step by step,
    as long as it is one rise: what a hand does on the strings before (some dB above nothing, some
    milliseconds earlier) is not part of it.
    """
    level = np.abs(audio)
    peak = float(level.max())
    onset = _first_above(level, peak, BEGUN_DB)
    rise = _first_above(level, peak, LOUD_DB) - onset
    together = min(max(GENTLY * rise, SHORTEST), LONGEST)
    for below_db in np.arange(BEGUN_DB + STEP_DB, LOWEST_DB - 0.5, STEP_DB):
        earlier = _first_above(level[: onset + 1], peak, float(below_db))
        if onset - earlier > together:
            break
        onset = earlier
    return onset


def _first_above(level: NDArray[np.float32], peak: float, below_db: float) -> int:
    return int((level >= peak * 10.0 ** (below_db / 20.0)).argmax())
