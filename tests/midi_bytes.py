"""Standard MIDI files byte by byte, right and wrong, and the times of their ticks worked out once more."""

import struct
from fractions import Fraction
from itertools import pairwise

END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x60\x80\x3c\0"
"""A middle C of one beat of 96 ticks."""


def head(kind=1, tracks=1, ticks=96):
    return b"MThd" + struct.pack(">LHHH", 6, kind, tracks, ticks)


def chunk(body, name=b"MTrk", size=None):
    return name + struct.pack(">L", len(body) if size is None else size) + body


def song(*tracks, **header):
    return head(**{"tracks": len(tracks), **header}) + b"".join(map(chunk, tracks))


def number(value):
    """As a number of variable length."""
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(0x80 | value & 0x7F)
    return bytes(reversed(septets))


def seconds_at(tick, tempos, ticks_per_beat):
    """The sum over all stretches of one tempo, exactly; `tempos` are (tick, microseconds per beat)."""
    starts = [(0, 500_000), *tempos, (tick, 0)]
    passed = Fraction(0)
    for (begin, tempo), (end, _) in pairwise(starts):
        passed += Fraction(max(min(end, tick) - begin, 0) * tempo, 1_000_000 * ticks_per_beat)
    return passed
