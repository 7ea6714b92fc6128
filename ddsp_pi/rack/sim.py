"""A simulated board: a performance plays into the jacks."""

from ddsp_pi.frame import ControlFrame, Edge
from ddsp_pi.rack.board import N_GATES, UNPATCHED
from ddsp_pi.rack.performance import Performance


class SimBoard:
    """Plays a performance once or in a loop, as if a sequencer were patched in."""

    def __init__(self, performance: Performance, loop: bool = False) -> None:
        self._performance, self._loop = performance, loop
        self._times = performance.times_ns.tolist()
        self._volts = [tuple(row) for row in performance.volts.tolist()]
        self._begun_ns = 0
        self._row, self._edge = 0, 0
        self._open = [False] * (N_GATES + 1)
        self._unplugged = False

    def read(self, start_ns: int, end_ns: int) -> ControlFrame:
        """See Board. Time only goes forward."""
        if self._unplugged:
            return ControlFrame(start_ns, UNPATCHED, self._closing(start_ns))
        edges = self._edges_before(end_ns)
        while self._loop and end_ns > self._begun_ns + self._performance.length_ns:
            self._begun_ns += self._performance.length_ns
            self._row, self._edge = 0, 0
            edges += self._edges_before(end_ns)
        self._go_to_row(end_ns - self._begun_ns)
        return ControlFrame(start_ns, self._volts[self._row], tuple(edges))

    def unplug(self) -> None:
        """Pull all cables: open gates close, and nothing is patched from now on."""
        self._unplugged = True

    def close(self) -> None:
        """See Board."""

    def _edges_before(self, end_ns: int) -> list[Edge]:
        """Edges of this round that are due and have not been said."""
        due = []
        edges, begun_ns = self._performance.edges, self._begun_ns
        while self._edge < len(edges) and edges[self._edge].at_ns + begun_ns < end_ns:
            edge = edges[self._edge]
            due.append(Edge(edge.gate, edge.high, edge.at_ns + begun_ns))
            self._open[edge.gate] = edge.high
            self._edge += 1
        return due

    def _go_to_row(self, end_ns: int) -> None:
        last = len(self._times) - 1
        while self._row < last and self._times[self._row + 1] < end_ns:
            self._row += 1

    def _closing(self, at_ns: int) -> tuple[Edge, ...]:
        closing = tuple(Edge(gate, False, at_ns) for gate, is_open in enumerate(self._open) if is_open)
        self._open = [False] * (N_GATES + 1)
        return closing
