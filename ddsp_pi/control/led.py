"""What the LED says: one light, a table of patterns."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

Pattern = Sequence[float]
"""Seconds lit, dark, lit, dark and so on, again and again."""

FLICKER_S = 0.03
"""How long a steady light goes out when a gate moves."""


def _blinks(times: int) -> Pattern:
    return [0.15, 0.25] * (times - 1) + [0.15, 1.25]


_SHORT, _LONG, _GAP, _END = 0.15, 0.45, 0.15, 1.2

PATTERNS: Mapping[str, Pattern] = {
    "sos": [_SHORT, _GAP] * 3 + [_LONG, _GAP] * 3 + [_SHORT, _GAP] * 2 + [_SHORT, _END],
    "next voltage": [0.1, 0.1],
    "collecting": [0.9, 0.1],
    "hot": _blinks(4),
    "configuration": _blinks(3),
    "xrun": _blinks(2),
    "starting": [1.0, 1.0],
    "ready": [],
}
"""What there is to say, the most urgent first; an empty pattern is steady light."""


class Led:
    """Says the most urgent of what there is to say. Times are seconds of one monotonic clock."""

    def __init__(self, light: Callable[[bool], None]) -> None:
        self._light = light
        self._said = {"starting"}
        self._shows, self._since_s = "", 0.0
        self._flicker_s = 0.0
        self._by_hand = True
        self._lit: bool | None = None

    def say(self, what: str, so: bool = True) -> None:
        """Begin or stop to say something of PATTERNS."""
        (self._said.add if so else self._said.discard)(what)

    def ask(self, lit: bool) -> None:
        """Whoever plays sets the light; it shows while there is nothing else to say. From any thread."""
        self._by_hand = lit

    def renew(self) -> None:
        """Another light has taken the place of this one and must be told."""
        self._lit = None

    def flicker(self, now_s: float) -> None:
        """A gate moved."""
        self._flicker_s = now_s + FLICKER_S

    def beat(self, now_s: float) -> None:
        """Light it, or not."""
        shows = next((name for name in PATTERNS if name in self._said), "ready")
        if shows != self._shows:
            self._shows, self._since_s = shows, now_s
        lit = _lit(PATTERNS[shows], now_s - self._since_s)
        if shows == "ready":
            lit = self._by_hand and now_s >= self._flicker_s
        if lit != self._lit:
            self._lit = lit
            self._light(lit)


def _lit(pattern: Pattern, at_s: float) -> bool:
    if not pattern:
        return True
    at_s %= sum(pattern)
    passed = sum(end <= at_s for end in accumulate(pattern))
    return passed % 2 == 0
