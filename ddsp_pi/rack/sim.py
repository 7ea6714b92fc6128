"""A simulated board: a performance plays into the jacks, and hands may take over."""

from collections import deque
from collections.abc import Sequence

from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_BUTTONS, N_CVS, N_GATES, UNPATCHED, Health, Press
from ddsp_pi.rack.buttons import Buttons
from ddsp_pi.rack.performance import Performance
from ddsp_pi.rack.pins import Change

LONG_PRESS_NS = 750_000_000

SIM_LINES = (
    *(f"gate_in_{gate}" for gate in range(1, N_GATES + 1)),
    *(f"button_{button}" for button in range(1, N_BUTTONS + 1)),
)
"""What hands can move."""


class SimBoard:
    """Plays a performance once or in a loop from `begin_ns` on, as if a sequencer were patched in.

    `patch` and `move` are the hands of whoever plays it instead; from any thread.
    """

    def __init__(
        self,
        performance: Performance,
        loop: bool = False,
        begin_ns: int = 0,
        long_press_ns: int = LONG_PRESS_NS,
    ) -> None:
        self._performance, self._loop = performance, loop
        self._times = performance.times_ns.tolist()
        self._volts = [tuple(row) for row in performance.volts.tolist()]
        self._round_ns = self._edges_round_ns = begin_ns
        self._row, self._edge = 0, 0
        self._open = [False] * (N_GATES + 1)
        self._unplugged = False
        self._last = UNPATCHED
        self._patched: dict[int, float] = {}
        self._hands: deque[Change] = deque(maxlen=256)
        self._buttons = Buttons(long_press_ns)
        self.high: dict[int, bool] = {}
        """What the gate outputs say, from 1 on."""
        self.lit = False
        """What the LED says."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        volts = UNPATCHED if self._unplugged else self._played(at_ns)
        if self._patched:
            volts = tuple(self._patched.get(jack, v) for jack, v in enumerate(volts, 1))
        self._last = volts
        return volts

    def _played(self, at_ns: int) -> tuple[float, ...]:
        while self._loop and at_ns > self._round_ns + self._performance.length_ns:
            self._round_ns += self._performance.length_ns
            self._row = 0
        last = len(self._times) - 1
        while self._row < last and self._times[self._row + 1] < at_ns - self._round_ns:
            self._row += 1
        return self._volts[self._row]

    def events(self, until_ns: int) -> Sequence[Edge | Press]:
        """See Board."""
        edges, moved = self._edges(until_ns), self._moved()
        by_hand = [Edge(_number(c), c.active, c.at_ns) for c in moved if c.name.startswith("gate_in_")]
        presses = self._buttons.take([c for c in moved if c.name.startswith("button_")], until_ns)
        return [*edges, *by_hand, *presses]

    def changes(self, until_ns: int) -> list[Change]:
        """The same as `events`, as the lines of a board would say it; ask for one or the other."""
        edges = self._edges(until_ns)
        return [*(Change(f"gate_in_{e.gate}", e.high, e.at_ns) for e in edges), *self._moved()]

    def _edges(self, until_ns: int) -> list[Edge]:
        return self._closing(until_ns) if self._unplugged else self._played_edges(until_ns)

    def _moved(self) -> list[Change]:
        return [self._hands.popleft() for _ in range(len(self._hands))]

    def _played_edges(self, until_ns: int) -> list[Edge]:
        due = self._due(until_ns)
        while self._loop and until_ns > self._edges_round_ns + self._performance.length_ns:
            self._edges_round_ns += self._performance.length_ns
            self._edge = 0
            due += self._due(until_ns)
        return due

    def unplug(self) -> None:
        """Pull the cables of the performance: its gates close, and nothing of it is patched from now on."""
        self._unplugged = True

    def patch(self, jack: int, volts: float) -> None:
        """Put a cable with these volts into a jack, from 1 on; NaN pulls it out."""
        if not 1 <= jack <= N_CVS:
            raise ValueError(f"there is no CV jack {jack}")
        self._patched[jack] = volts

    def move(self, name: str, active: bool, at_ns: int) -> None:
        """Open or close a gate, press or let go of a button; `name` is one of SIM_LINES."""
        if name not in SIM_LINES:
            raise ValueError(f"there is no {name} to move; there are: {', '.join(SIM_LINES)}")
        self._hands.append(Change(name, active, at_ns))

    def set_gate(self, gate: int, high: bool) -> None:
        """See Board."""
        self.high[gate] = high

    def set_led(self, lit: bool) -> None:
        """See Board."""
        self.lit = lit

    def health(self) -> Health:
        """See Board."""
        return Health(raw_volts=self._last)

    def close(self) -> None:
        """See Board."""

    def _due(self, until_ns: int) -> list[Edge]:
        """Edges of this round that are due and have not been said."""
        due = []
        edges, begun_ns = self._performance.edges, self._edges_round_ns
        while self._edge < len(edges) and edges[self._edge].at_ns + begun_ns < until_ns:
            edge = edges[self._edge]
            due.append(Edge(edge.gate, edge.high, edge.at_ns + begun_ns))
            self._open[edge.gate] = edge.high
            self._edge += 1
        return due

    def _closing(self, at_ns: int) -> list[Edge]:
        closing = [Edge(gate, False, at_ns - 1) for gate, is_open in enumerate(self._open) if is_open]
        self._open = [False] * (N_GATES + 1)
        return closing


def _number(change: Change) -> int:
    return int(change.name.rpartition("_")[2])
