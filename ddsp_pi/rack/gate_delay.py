"""Gates that wait for their pitch: many a sequencer sends its CV after its gate."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ddsp_pi.frame import Edge


class Played(Protocol):
    """The part of a Board that is played."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""

    def events(self, until_ns: int) -> Sequence[Any]:
        """See Board."""


class DelayedGates:
    """What is played on a board, with its gates later by a constant; all else passes at once."""

    def __init__(self, board: Played, delay_ms: float) -> None:
        self.volts, self._events = board.volts, board.events
        self._delay_ns = round(delay_ms * 1e6)
        self._waiting: list[Edge] = []

    def events(self, until_ns: int) -> Sequence[Any]:
        """See Board."""
        events = self._events(until_ns)
        if not self._delay_ns or not (events or self._waiting):
            return events
        edges = [event for event in events if isinstance(event, Edge)]
        late = self._waiting + [msgspec.structs.replace(e, at_ns=e.at_ns + self._delay_ns) for e in edges]
        due = [edge for edge in late if edge.at_ns < until_ns]
        self._waiting = late[len(due) :]
        return [*due, *(event for event in events if not isinstance(event, Edge))]
