"""A recording → what to send through the cables to have it played again: pitch, loudness, gate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.pitch_path import pitch_path
from ddsp_pi.frame import HOP, HOP_RATE

Value = TypeVar("Value", np.float32, np.bool_)

PITCH_EVERY = 2
"""Hops per pitch reading: 187.5 Hz."""

FALL_DB = 20.0
"""A sound this far below the loudest of its neighbourhood is over, or has not begun."""

FALL_WITHIN = round(0.25 * HOP_RATE)

RANGE_DB, FLOOR_DB = 45.0, -70.0
"""Nothing so far below the loudest moment, or below the floor, opens a gate."""

DIP_DB = 6.0
"""A dip between two notes of at least this depth lets the gate go."""

DIP_EDGE = round(0.06 * HOP_RATE)
"""Hops: the longest that a dip keeps the gate closed, and the longest rise out of one."""

RIPPLE = 9
"""Hops; narrower dips are the loudness meter following the cycles of a bass note."""

SHORTEST = round(0.04 * HOP_RATE)
"""Hops that make a note; shorter pauses in the voicing are bridged."""

REACH = round(0.08 * HOP_RATE)
"""Hops of unpitched attack or decay that a gate takes in around a voiced stretch."""

MARGIN = 3
"""Hops at either end of a note that measure its edge rather than its pitch."""


@dataclass(frozen=True, slots=True, eq=False)
class Transcription:
    """What was played, one row per hop of 128 samples."""

    f0_hz: NDArray[np.float64]
    """(rows,) fundamental; held while nothing sounds."""
    loudness_db: NDArray[np.float32]
    """(rows,) A-weighted."""
    gate: NDArray[np.bool_]
    """(rows,) whether a note sounds."""

    @property
    def n_notes(self) -> int:
        """How often the gate opens."""
        return len(runs(self.gate)[0])


def transcribe(audio: NDArray[np.float32], advance: Callable[[int], None] | None = None) -> Transcription:
    """What was played in (n,) samples at 48 kHz of one monophonic instrument.

    Args:
        audio: (n,) samples.
        advance: told how many more of the n // 256 + 1 pitch readings are done.

    Returns:
        n // 128 + 1 rows; without any note the gate stays closed and the pitch is 440 Hz.
    """
    loudness = loudness_contour(audio)
    f0_hz, voiced = pitch_path(audio, PITCH_EVERY * HOP, advance)
    pitch, held = np.repeat(median3(f0_hz, voiced), PITCH_EVERY), np.repeat(voiced, PITCH_EVERY)
    rows = len(loudness)
    gate = find_gates(loudness, held[:rows])
    return Transcription(hold_pitch(pitch[:rows], held[:rows], gate), loudness, gate)


def median3(f0_hz: NDArray[np.float64], voiced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) f0 with single readings that stick out replaced, inside voiced stretches only."""
    smooth = f0_hz.copy()
    inside = np.flatnonzero(voiced[:-2] & voiced[1:-1] & voiced[2:]) + 1
    smooth[inside] = np.median([f0_hz[inside - 1], f0_hz[inside], f0_hz[inside + 1]], axis=0)
    return smooth


def find_gates(loudness_db: NDArray[np.float32], voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(rows,) whether a note sounds.

    A note is a voiced stretch with as much of the sound around it as belongs to it. Its edges are
    where the loudness crosses 20 dB below the loudest of the next quarter of a second; a dip of 6 dB
    inside closes the gate for a moment, so that a repeated note begins anew.
    """
    smooth = fill_dips(loudness_db, RIPPLE)
    threshold = np.maximum(spread(smooth, FALL_WITHIN) - FALL_DB, max(FLOOR_DB, smooth.max() - RANGE_DB))
    sounding = smooth >= threshold
    gate = np.zeros(len(voiced), np.bool_)
    for start, end in zip(*runs(drop_short(bridge(voiced, SHORTEST) & sounding)), strict=True):
        gate[max(start - REACH, 0) : end + REACH] = True
    gate &= sounding
    for start, end in zip(*runs(gate), strict=True):
        for close, again in dips(smooth[start:end]):
            gate[start + close : start + again] = False
    return drop_short(gate)


def hold_pitch(
    f0_hz: NDArray[np.float64], voiced: NDArray[np.bool_], gate: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(rows,) f0 that changes only while the gate is open.

    An attack has the pitch that follows it; any other gap holds the pitch before.
    """
    known = voiced & ~spread(~gate, MARGIN)
    if not known.any():
        return np.full(len(f0_hz), 440.0)
    source = np.where(known, np.arange(len(f0_hz)), -1)
    for start, end in zip(*runs(gate), strict=True):
        inside = np.flatnonzero(known[start:end])
        if len(inside):
            source[start] = start + inside[0]
    source = np.maximum.accumulate(source)
    source[source < 0] = np.flatnonzero(known)[0]
    return f0_hz[source]


def dips(level_db: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where the gate closes and opens again inside one note of (n,) levels: pairs of positions.

    A dip lies at least 6 dB below what comes before and after it. The gate opens half way up the rise
    and closes half way down the fall, or a moment before it opens where the fall was long ago or slow.
    """
    found = []
    for bottom in _bottoms(level_db):
        low = float(level_db[bottom])
        rise = bottom + int((level_db[bottom:] > low + 0.5 * DIP_DB).argmax())
        high = float(level_db[rise : rise + DIP_EDGE].max())
        again = rise + int((level_db[rise:] > 0.5 * (low + high)).argmax())
        earliest = max(again - DIP_EDGE, 0)
        before = level_db[earliest : max(bottom, earliest + 1)]
        louder = np.flatnonzero(before > 0.5 * (low + float(before.max())))
        close = earliest + int(louder[-1]) + 1 if bottom > earliest else earliest
        found.append((min(close, again - 2), again))
    return found


def _bottoms(level_db: NDArray[np.float32]) -> list[int]:
    """The lowest position between every fall and the next rise of at least 6 dB."""
    found: list[int] = []
    falling, turn = False, 0
    for at, level in enumerate(level_db.tolist()):
        if (level < level_db[turn]) == falling:
            turn = at
        elif abs(level - float(level_db[turn])) >= DIP_DB:
            if falling:
                found.append(turn)
            falling, turn = not falling, at
    return found


def runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First positions of the stretches where a (n,) mask is true, and the positions after them."""
    edges = np.diff(np.pad(mask, 1).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def bridge(mask: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """(n,) mask with the gaps of at most `longest` between true stretches closed."""
    bridged = mask.copy()
    starts, ends = runs(mask)
    for end, start in zip(ends[:-1], starts[1:], strict=True):
        if start - end <= longest:
            bridged[end:start] = True
    return bridged


def drop_short(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) mask without the stretches too short for a note."""
    kept = mask.copy()
    for start, end in zip(*runs(mask), strict=True):
        kept[start:end] = end - start >= SHORTEST
    return kept


def spread(values: NDArray[Value], reach: int) -> NDArray[Value]:
    """(n,) highest value within `reach` positions on either side."""
    padded = np.pad(values, reach, mode="edge")
    highest: NDArray[Value] = sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return highest


def fill_dips(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """(n,) values with dips narrower than `width` positions filled and every wider edge where it was."""
    return -spread(-spread(values, width // 2), width // 2)
