"""A simulated board: a performance plays into the jacks."""

from bisect import bisect_left

from ddsp_pi.frame import ControlFrame, Edge
from ddsp_pi.rack.board import N_GATES, UNPATCHED
from ddsp_pi.rack.performance import Performance


class SimBoard:
    """Plays a performance once or in a loop, as if a sequencer were patched in."""

    def __init__(self, performance: Performance, loop: bool = False) -> None:
        self._performance, self._loop = performance, loop
        self._edge_times = [edge.at_ns for edge in performance.edges]
        self._times = performance.times_ns.tolist()
        self._volts = [tuple(row) for row in performance.volts.tolist()]
        self._open = [False] * (N_GATES + 1)
        self._unplugged = False

    def read(self, start_ns: int, end_ns: int) -> ControlFrame:
        """See Board."""
        if self._unplugged:
            return ControlFrame(start_ns, UNPATCHED, self._closing(start_ns))
        edges = self._edges(start_ns, end_ns)
        for edge in edges:
            self._open[edge.gate] = edge.high
        return ControlFrame(start_ns, self._held(end_ns - 1), edges)

    def unplug(self) -> None:
        """Pull all cables: open gates close, and nothing is patched from now on."""
        self._unplugged = True

    def close(self) -> None:
        """See Board."""

    def _held(self, at_ns: int) -> tuple[float, ...]:
        length = self._performance.length_ns
        at_ns = at_ns % length if self._loop else at_ns
        row = bisect_left(self._times, at_ns + 1) - 1
        return self._volts[max(row, 0)]

    def _edges(self, start_ns: int, end_ns: int) -> tuple[Edge, ...]:
        length = self._performance.length_ns
        # An edge on the last row belongs to the round before, though its time is the next one's start.
        first_round = max(start_ns // length - 1, 0)
        rounds = range(first_round, (end_ns - 1) // length + 1) if self._loop else range(1)
        found: list[Edge] = []
        for turn in rounds:
            begin = turn * length
            first = bisect_left(self._edge_times, start_ns - begin)
            last = bisect_left(self._edge_times, end_ns - begin)
            found += [Edge(e.gate, e.high, e.at_ns + begin) for e in self._performance.edges[first:last]]
        return tuple(sorted(found, key=lambda edge: edge.at_ns))

    def _closing(self, at_ns: int) -> tuple[Edge, ...]:
        closing = tuple(Edge(gate, False, at_ns) for gate, is_open in enumerate(self._open) if is_open)
        self._open = [False] * (N_GATES + 1)
        return closing
