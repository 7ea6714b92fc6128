"""What the rack says, and the clock units it is said in."""

import msgspec

SAMPLE_RATE = 48_000
"""Hz. Everything inside the engine runs at this rate."""

HOP = 128
"""Samples between two decoder steps: 375 steps per second."""

HOP_RATE = SAMPLE_RATE / HOP


class Edge(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A gate going high or low. `gate` counts from 1 as on the panel; `at_ns` is its own time."""

    gate: int
    high: bool
    at_ns: int
    standing: bool = False
    """Whether it was open before, and is told to who comes later: what is held goes on, nothing is struck."""


class Note(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A played note: MIDI number (fractions allowed) and velocity 0..1, where 0 releases it."""

    note: float
    velocity: float
    at_ns: int
    standing: bool = False
    """As of an Edge."""


Event = Edge | Note


class ControlFrame(msgspec.Struct, frozen=True):
    """What a mode has to know about a piece of sound, besides its parameters.

    A piece never goes beyond the end of its hop, and events happen at its first sample.
    """

    position: int = 0
    """Where in its hop the piece begins, 0..HOP − 1."""
    events: tuple[Event, ...] = ()


def nanoseconds(sample: int) -> int:
    """The time of a sample counted from the start of the clock."""
    return round(sample * 1e9 / SAMPLE_RATE)
