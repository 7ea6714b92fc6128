"""From edges to levels: what a line did, where the level can only be read after its edge."""

from ddsp_pi.rack.pins import Change


class Edges:
    """What a set of lines is believed to be, kept by their edges. Before anything is said they are inactive.

    Whoever reports an edge reads the level a moment later. If the line is already back by then, the edge says
    what the line was before, and was yet an edge: a pulse too short to be seen. It is told as one,
    and ends with the edge of its end, or if that was missed, one call of `overdue` later.
    """

    def __init__(self) -> None:
        self._active: dict[str, bool] = {}
        self._changed_ns: dict[str, int] = {}
        self._read_ns: dict[str, int] = {}
        self._owed: dict[str, int] = {}
        """Lines that went back already, and how often their next edge was waited for."""

    def edge(self, name: str, active: bool, at_ns: int) -> list[Change]:
        """There was an edge, and after it the line was `active` or not."""
        before = self._active.get(name, False)
        self._owed.pop(name, None)
        if at_ns <= self._read_ns.get(name, -1):
            # The level that was read later has this edge in it already.
            return self._become(name, active, at_ns)
        if active == before:
            self._owed[name] = 0
        return self._become(name, not before, at_ns)

    def level(self, name: str, active: bool, at_ns: int) -> list[Change]:
        """The line was read, by `at_ns` at the latest: a change if it is not what it is believed to be."""
        self._owed.pop(name, None)
        self._read_ns[name] = at_ns
        return self._become(name, active, at_ns)

    def overdue(self, at_ns: int) -> list[Change]:
        """Ends the pulses whose second edge did not come since the last call."""
        late = [name for name, waited in self._owed.items() if waited]
        self._owed = dict.fromkeys(self._owed, 1)
        return [change for name in late for change in self.level(name, not self._active[name], at_ns)]

    def _become(self, name: str, active: bool, at_ns: int) -> list[Change]:
        if active == self._active.get(name, False):
            return []
        # What is read now may be told before an edge that was stamped a little earlier.
        at_ns = max(at_ns, self._changed_ns.get(name, at_ns))
        self._active[name], self._changed_ns[name] = active, at_ns
        return [Change(name, active, at_ns)]
