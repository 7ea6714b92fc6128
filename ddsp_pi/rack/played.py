"""What is played on a board, as the engine wants it."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_GATES, OPEN_VOLTS


class Playable(Protocol):
    """The part of a Board that is played."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""

    def events(self, until_ns: int) -> Sequence[Any]:
        """See Board."""


class Played:
    """The jacks of a board: its gates wait for their pitch, and count as volts as well.

    Many a sequencer sends its CV after its gate. What is no gate passes at once.
    """

    def __init__(self, board: Playable, gate_delay_ms: float, joins: bool = False) -> None:
        """`joins`: whether it was played before already, so that a gate that is open now does not begin."""
        self._joins = joins
        self._volts, self._events = board.volts, board.events
        self._delay_ns = round(gate_delay_ms * 1e6)
        self._waiting: list[Edge] = []
        self._to_turn: deque[Edge] = deque()
        self._gates = (0.0,) * N_GATES

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """Volts of the CV jacks and then of the gates: (N_CVS + N_GATES,)."""
        # Events are asked for further ahead than volts, as far as a block is long.
        while self._to_turn and self._to_turn[0].at_ns < at_ns:
            self._turn(self._to_turn.popleft())
        return self._volts(at_ns) + self._gates

    def events(self, until_ns: int) -> Sequence[Any]:
        """See Board."""
        events = self._events(until_ns)
        if self._joins:
            self._joins, events = False, [_standing(event) for event in events]
        if not (events or self._waiting):
            return events
        edges = self._due([event for event in events if isinstance(event, Edge)], until_ns)
        self._to_turn += edges
        return [*edges, *(event for event in events if not isinstance(event, Edge))]

    def _due(self, edges: Sequence[Edge], until_ns: int) -> Sequence[Edge]:
        if not self._delay_ns:
            return edges
        late = self._waiting + [msgspec.structs.replace(e, at_ns=e.at_ns + self._delay_ns) for e in edges]
        due = [edge for edge in late if edge.at_ns < until_ns]
        self._waiting = late[len(due) :]
        return due

    def _turn(self, edge: Edge) -> None:
        gates = list(self._gates)
        gates[edge.gate - 1] = OPEN_VOLTS if edge.high else 0.0
        self._gates = tuple(gates)


def _standing(event: Any) -> Any:
    return msgspec.structs.replace(event, standing=True) if isinstance(event, Edge) else event
