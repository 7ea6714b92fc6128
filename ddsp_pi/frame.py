"""ControlFrame: what the rack says during one block, and the clock units it is said in."""

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


class Note(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A played note: MIDI number (fractions allowed) and velocity 0..1, where 0 releases it."""

    note: float
    velocity: float
    at_ns: int


class ControlFrame(msgspec.Struct, frozen=True):
    """Everything the rack says during one block.

    `volts[i]` is CV jack i+1 as last known by the end of the block, NaN where nothing is
    patched. Edges and notes carry their own times, in order, on the clock of `start_ns`.
    """

    start_ns: int
    volts: tuple[float, ...] = ()
    edges: tuple[Edge, ...] = ()
    notes: tuple[Note, ...] = ()

    def offset(self, at_ns: int, n: int) -> int:
        """The sample of this n-sample block at which `at_ns` falls, held inside the block."""
        sample = round((at_ns - self.start_ns) * SAMPLE_RATE / 1e9)
        return min(max(sample, 0), n - 1)


def nanoseconds(sample: int) -> int:
    """The time of a sample counted from the start of the clock."""
    return round(sample * 1e9 / SAMPLE_RATE)
