"""From lines that go down and up to buttons that are pressed or held, alone or together."""

from collections.abc import Sequence

from ddsp_pi.rack.board import Press
from ddsp_pi.rack.debounce import Debounce
from ddsp_pi.rack.pins import Change

BOUNCING_NS = 20_000_000
"""Small switches bounce for 1 to 10 ms."""


class Buttons:
    """Tells short presses at their release and long ones while the buttons are still down.

    Buttons that go down before anything is said of one that is down already belong to the same press.
    It is long if all of them stay down for the time, and short as soon as one goes up before.
    """

    def __init__(self, long_press_ns: int) -> None:
        """Call a press long from `long_press_ns` on."""
        self._long_ns = long_press_ns
        self._debounce = Debounce(BOUNCING_NS)
        self._down: set[int] = set()
        """The buttons of the press that nothing was said of yet."""
        self._long_at_ns = 0

    def take(self, changes: Sequence[Change], until_ns: int) -> list[Press]:
        """The presses that are certain by now, in order of time.

        Args:
            changes: what the lines button_1, button_2… did since the last call, in order of time.
            until_ns: until when nothing else has happened.
        """
        presses: list[Press] = []
        for change in self._debounce.take(changes, until_ns):
            presses += self._held(change.at_ns)
            presses += self._moved(change)
        return presses + self._held(until_ns)

    def _moved(self, change: Change) -> list[Press]:
        button = int(change.name.removeprefix("button_"))
        if change.active:
            self._down.add(button)
            self._long_at_ns = change.at_ns + self._long_ns
            return []
        return self._said(False, change.at_ns) if button in self._down else []

    def _held(self, at_ns: int) -> list[Press]:
        due = self._down and self._long_at_ns <= at_ns
        return self._said(True, self._long_at_ns) if due else []

    def _said(self, held: bool, at_ns: int) -> list[Press]:
        press = Press(tuple(sorted(self._down)), held, at_ns)
        self._down = set()
        return [press]
