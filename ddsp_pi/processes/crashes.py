"""Tells a crash from a crash loop."""

from collections import deque

LOOP = 4
"""The exit code of a supervisor whose programs crashed again and again."""


class Crashes:
    """Counts crashes; times are seconds of one monotonic clock."""

    def __init__(self, most: int = 5, within_s: float = 60.0) -> None:
        """So many within that time are a loop."""
        self._at_s: deque[float] = deque(maxlen=most)
        self._within_s = within_s

    def another(self, now_s: float) -> bool:
        """One more; whether this is a loop."""
        self._at_s.append(now_s)
        return len(self._at_s) == self._at_s.maxlen and now_s - self._at_s[0] <= self._within_s
