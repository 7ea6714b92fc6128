"""From edges to levels: what a line did, where the level can only be read after its edge."""

from ddsp_pi.rack.pins import Change

SAME_PULSE_NS = 1_000_000
"""Two edges nearer to each other, after which the line was as before, are the two of one pulse."""


class Edges:
    """What a set of lines is believed to be, kept by their edges. Before anything is said they are inactive.

    Whoever reports an edge reads the level a moment later, and edges that come fast are reported as one.
    The level is right in any case. If it is no news, the line was away and came back before anybody looked:
    a pulse without length is told, once, whether its second edge is reported or not.
    """

    def __init__(self) -> None:
        self._active: dict[str, bool] = {}
        self._changed_ns: dict[str, int] = {}
        self._read_ns: dict[str, int] = {}
        self._pulse_ns: dict[str, int] = {}

    def edge(self, name: str, active: bool, at_ns: int) -> list[Change]:
        """There was an edge, and after it the line was `active` or not."""
        # A level that was read after the edge has it in it already.
        if at_ns <= self._read_ns.get(name, -1) or active != self._active.get(name, False):
            return self._become(name, active, at_ns)
        if at_ns - self._pulse_ns.pop(name, -SAME_PULSE_NS) < SAME_PULSE_NS:
            return []
        self._pulse_ns[name] = at_ns
        return self._become(name, not active, at_ns) + self._become(name, active, at_ns)

    def level(self, name: str, active: bool, at_ns: int) -> list[Change]:
        """The line was read, by `at_ns` at the latest: a change if it is not what it is believed to be."""
        self._read_ns[name] = at_ns
        return self._become(name, active, at_ns)

    def _become(self, name: str, active: bool, at_ns: int) -> list[Change]:
        if active == self._active.get(name, False):
            return []
        # What is read now may be told before an edge that was stamped a little earlier.
        at_ns = max(at_ns, self._changed_ns.get(name, at_ns))
        self._active[name], self._changed_ns[name] = active, at_ns
        return [Change(name, active, at_ns)]
