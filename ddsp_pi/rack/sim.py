"""A simulated board: a performance plays into the jacks."""

from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_GATES, UNPATCHED, Health
from ddsp_pi.rack.performance import Performance


class SimBoard:
    """Plays a performance once or in a loop from `begin_ns` on, as if a sequencer were patched in."""

    def __init__(self, performance: Performance, loop: bool = False, begin_ns: int = 0) -> None:
        self._performance, self._loop = performance, loop
        self._times = performance.times_ns.tolist()
        self._volts = [tuple(row) for row in performance.volts.tolist()]
        self._round_ns = self._edges_round_ns = begin_ns
        self._row, self._edge = 0, 0
        self._open = [False] * (N_GATES + 1)
        self._unplugged = False

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        if self._unplugged:
            return UNPATCHED
        while self._loop and at_ns > self._round_ns + self._performance.length_ns:
            self._round_ns += self._performance.length_ns
            self._row = 0
        last = len(self._times) - 1
        while self._row < last and self._times[self._row + 1] < at_ns - self._round_ns:
            self._row += 1
        return self._volts[self._row]

    def events(self, until_ns: int) -> list[Edge]:
        """See Board."""
        if self._unplugged:
            return self._closing(until_ns)
        due = self._due(until_ns)
        while self._loop and until_ns > self._edges_round_ns + self._performance.length_ns:
            self._edges_round_ns += self._performance.length_ns
            self._edge = 0
            due += self._due(until_ns)
        return due

    def unplug(self) -> None:
        """Pull all cables: open gates close, and nothing is patched from now on."""
        self._unplugged = True

    def set_gate(self, gate: int, high: bool) -> None:
        """See Board."""

    def set_led(self, lit: bool) -> None:
        """See Board."""

    def health(self) -> Health:
        """See Board."""
        return Health()

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
