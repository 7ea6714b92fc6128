"""The Pins protocol: GPIO lines that change and that can be set."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from ddsp_pi.rack.spec import Line


class Change(NamedTuple):
    """A line became active or inactive. Whether active is high or low is the line's own affair."""

    name: str
    active: bool
    at_ns: int
    """On the clock of `time.monotonic_ns`."""


class Pins(Protocol):
    """The GPIO lines of a board, by the names of `BoardSpec.lines`."""

    backend: str
    """What drives them, for the log."""

    def changes(self) -> Sequence[Change]:
        """What changed since the last call, in order of time. The first call says what is active then.

        Raises:
            BoardError: the lines cannot be read.
        """

    def set(self, name: str, active: bool) -> None:
        """Set an output."""

    def close(self) -> None:
        """All outputs inactive; let go of the lines."""


def inputs(lines: Mapping[str, Line]) -> dict[str, Line]:
    """The lines that are read: gates in and buttons."""
    return {name: line for name, line in lines.items() if name.startswith(("gate_in", "button"))}


def outputs(lines: Mapping[str, Line]) -> dict[str, Line]:
    """The lines that are set: gates out and the LED."""
    return {name: line for name, line in lines.items() if name.startswith(("gate_out", "led"))}
