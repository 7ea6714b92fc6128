"""Where a note is over: the silence of recordings teaches nothing; that a dead note stays dead does."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.touch import GATE, ONSET, RELEASE
from ddsp_pi.train.analysis import FLOOR
from ddsp_pi.train.features import Features

KEPT_S = 0.2
"""Of the silence after a note."""

OVER_DB = 60.0
"""So far below its peak a note is over,"""

HISS_DB = 6.0
"""and so near to what is heard when nobody plays."""

DIED_DB = 40.0
"""A recording whose end lies so far below its peak may go on in silence,"""

FALLEN_DB, STEEP_DB = 30.0, 100.0
"""or so far, if it is still falling by so much per second: it was cut off a moment before its silence."""

FALLING_S = 0.08
"""Of its end, over which that is seen."""

NOTHING_DB = -120.0

PIECE = round(0.01 * SAMPLE_RATE)
"""Samples over which a level is taken."""


def hiss_of(audio: NDArray[np.float32]) -> float:
    """Level in dB of the quietest fiftieth of a recording with pauses in it."""
    return float(np.percentile(levels_db(audio), 2))


def end_of(audio: NDArray[np.float32], hiss_db: float = NOTHING_DB) -> int:
    """Samples of a note that are worth keeping: as long as it sounds, and 0.2 s of the silence after it.

    `hiss_db`: the level of silence. It must not be taken from a note that is held, whose own decay would
    pass for it.
    """
    levels = levels_db(audio)
    sounds = levels > max(float(levels.max(initial=NOTHING_DB)) - OVER_DB, hiss_db + HISS_DB)
    pieces = len(sounds) - int(sounds[::-1].argmax()) if sounds.any() else 0
    return min(len(audio), pieces * PIECE + round(KEPT_S * SAMPLE_RATE))


def levels_db(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Level in dB of each 10 ms."""
    pieces = audio[: len(audio) // PIECE * PIECE].reshape(-1, PIECE).astype(np.float64)
    return np.asarray(10.0 * np.log10(np.maximum((pieces**2).mean(axis=1), 10.0 ** (NOTHING_DB / 10.0))))


def gone_silent(note: Features, seconds: float) -> Features:
    """A note that has died, and the silence after it: nobody plays on, so nothing sounds again.

    Only where the recording ends at least 40 dB below its peak, or falls steeply below 30 dB; others stay
    as they are. The key stays where it is.
    """
    more = round(seconds * HOP_RATE)
    if more < 1 or not _has_died(note):
        return note
    touch = np.concatenate([note.touch, np.repeat(note.touch[-1:], more, axis=0)])
    later = np.arange(1, more + 1) / HOP_RATE
    touch[-more:, ONSET] += later
    if not note.touch[-1, GATE]:
        touch[-more:, RELEASE] += later
    return replace(
        note,
        audio=np.concatenate([note.audio, np.zeros(more * HOP, np.float32)]),
        f0_hz=_then(note.f0_hz, note.f0_hz[-1], more),
        confidence=_then(note.confidence, 0.0, more),
        loudness_db=_then(note.loudness_db, FLOOR_DB, more),
        harmonics=_then(note.harmonics, FLOOR, more),
        noise=_then(note.noise, FLOOR, more),
        asked_db=_then(note.asked_db, note.asked_db[-1], more),
        touch=touch.astype(np.float32),
    )


def _has_died(note: Features) -> bool:
    end = note.loudness_db[-round(FALLING_S * HOP_RATE) :]
    below, falls = float(note.asked_db[-1] - end[-1]), float(end[0] - end[-1])
    return below >= DIED_DB or (below >= FALLEN_DB and falls >= STEEP_DB * FALLING_S)


def _then(values: NDArray[np.float32], value: float, more: int) -> NDArray[np.float32]:
    return np.concatenate([values, np.full((more, *values.shape[1:]), value, np.float32)])
