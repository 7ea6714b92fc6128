"""Contacts bounce and cables scrape: of a burst of edges the first and the last count."""

from collections.abc import Sequence
from dataclasses import dataclass

from ddsp_pi.rack.pins import Change


class Debounce:
    """Passes edges on at once, then nothing of that line for a while but what it settled at.

    An edge never waits and keeps its own time, so that debouncing costs no latency and no jitter.
    """

    def __init__(self, hold_ns: int) -> None:
        """Take what follows an edge within `hold_ns` for bouncing."""
        self._hold_ns = hold_ns
        self._lines: dict[str, _Line] = {}
        self._unsettled = False

    def take(self, changes: Sequence[Change], until_ns: int) -> list[Change]:
        """The edges that count, in order of time.

        Args:
            changes: what the lines did since the last call, in order of time. Before its first change a
                line is inactive.
            until_ns: until when nothing else has happened; what a line settled at is told once its
                time is over by then, with the time of its last edge.
        """
        if not changes and not self._unsettled:
            return []
        accepted: list[Change] = []
        for change in changes:
            line = self._lines.setdefault(change.name, _Line(Change(change.name, False, 0)))
            accepted += line.settled(change.at_ns, self._hold_ns)
            accepted += line.moved(change, self._hold_ns)
        for line in self._lines.values():
            accepted += line.settled(until_ns, self._hold_ns)
        self._unsettled = any(line.last.active != line.active for line in self._lines.values())
        return sorted(accepted, key=lambda change: change.at_ns)


@dataclass(slots=True)
class _Line:
    """A line: the edge that was seen last, and the one that was passed on last."""

    last: Change
    active: bool = False
    held_until_ns: int = 0

    def moved(self, change: Change, hold_ns: int) -> list[Change]:
        self.last = change
        return self.settled(change.at_ns, hold_ns)

    def settled(self, at_ns: int, hold_ns: int) -> list[Change]:
        """The last edge, if its time has come and it says something new."""
        if at_ns < self.held_until_ns or self.last.active == self.active:
            return []
        self.active, self.held_until_ns = self.last.active, self.last.at_ns + hold_ns
        return [self.last]
