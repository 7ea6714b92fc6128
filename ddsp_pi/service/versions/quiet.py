"""A quiet minute: whether a version that is ready also plays on, no worse than the one before."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ddsp_pi.service.last_minute import Line, last_minute
from ddsp_pi.service.systemd import Unit

MODES = ("settings", "last good", "safe")
"""What the settings in use are, the best first."""

SETTLE_S = 10.0
"""The sound may take so long to begin, and a line so long to follow another."""

MORE_XRUNS = 5
"""So many are nobody's fault: another program woke up."""


class Before(msgspec.Struct, frozen=True):
    """How the version before played: the new one must not do worse."""

    mode: str = MODES[0]
    playing: bool = False
    xruns: int = 0
    """In its last minute."""
    engine: int = 0


def listen(folder: Path) -> list[Line]:
    """The last minute of the service; lines of a form that we do not know are none."""
    try:
        return last_minute(folder)
    except msgspec.DecodeError:
        return []


def summed(seconds: Sequence[Line]) -> Before:
    """How a version played in its last minute."""
    if not seconds:
        return Before()
    last = seconds[-1]
    first = next(second for second in seconds if second.engine == last.engine)
    return Before(last.mode, last.playing, last.xruns - first.xruns, last.engine)


class Minute:
    """Looks at a version again and again, and finds the first thing that is worse than before."""

    def __init__(self, before: Before, unit: Unit, begun_s: float) -> None:
        self._before, self._unit, self._begun_s = before, unit, begun_s
        self._first: Line | None = None
        self._last: Line | None = None
        self._changed_s = begun_s

    def fault(self, unit: Unit, seconds: Sequence[Line], now_s: float) -> str:
        """What is wrong at a moment of the monotonic clock; empty: nothing."""
        return self._unit_fault(unit) or self._sound_fault(seconds, now_s)

    def _unit_fault(self, unit: Unit) -> str:
        if unit.active != "active":
            return f"it is {unit.active or 'not known to systemd'}"
        if unit != self._unit:
            return "it ended and was started again"
        return ""

    def _sound_fault(self, seconds: Sequence[Line], now_s: float) -> str:
        new = [second for second in seconds if second.engine != self._before.engine]
        if new and new[-1] != self._last:
            # Not by the times in the lines: without a network a Pi's clock may jump.
            self._last, self._changed_s = new[-1], now_s
            self._first = self._first or new[-1]
        if now_s - self._changed_s > SETTLE_S:
            return f"it has not said how it does for {SETTLE_S:g} s"
        if self._first is None or self._last is None:
            return ""
        return self._worse(self._first, self._last, now_s)

    def _worse(self, first: Line, last: Line, now_s: float) -> str:
        if last.engine != first.engine:
            return "its engine ended and was started again"
        if _rank(last.mode) > _rank(self._before.mode):
            return f"it does not play your settings but: {last.mode}"
        if self._before.playing and not last.playing and now_s - self._begun_s > SETTLE_S:
            return "there is no sound from it"
        return self._glitches(last.xruns - first.xruns)

    def _glitches(self, xruns: int) -> str:
        if xruns <= 2 * self._before.xruns + MORE_XRUNS:
            return ""
        return f"it glitches: {xruns} xruns within the minute, against {self._before.xruns} before"


def _rank(mode: str) -> int:
    return MODES.index(mode) if mode in MODES else len(MODES)
