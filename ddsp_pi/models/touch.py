"""How notes are played: what a decoder is told of them besides pitch and loudness."""

from collections.abc import Sequence

from ddsp_pi.models.card import Card, Style

HELD_S = 1000.0
"""Seconds since a release that has not come yet: whatever fades with them is gone."""

ONSET, RELEASE, GATE, CONTROLS = range(4)
"""Columns of a row: two times in seconds, 1 while the key is held and 0 after, and from the fourth on
the controllers in the order of the card, 0..1 each."""


def touch_columns(card: Card) -> int:
    """How many numbers a row has."""
    return 0 if card.style is None else CONTROLS + len(card.style.controllers)


def played_by(card: Card, voices: int) -> tuple[Style, "Touch"]:
    """The style of a card that has one, and a touch as it plays until somebody says otherwise."""
    style = card.style or Style()
    return style, Touch(voices, [controller.default for controller in style.controllers])


class Touch:
    """How each of V voices is played, as a table of V rows for whoever plays to fill before a step.

    Nothing in it knows the future: a key that is held does not know how long.
    """

    def __init__(self, voices: int, defaults: Sequence[float] = ()) -> None:
        """`defaults`: of the controllers."""
        self.rows = [[HELD_S, HELD_S, 0.0, *defaults] for _ in range(voices)]

    def strike(self, voice: int) -> None:
        """A note begins now."""
        self.rows[voice][: GATE + 1] = [0.0, HELD_S, 1.0]

    def release(self, voice: int) -> None:
        """The key goes up now."""
        self.rows[voice][RELEASE : GATE + 1] = [0.0, 0.0]

    def advance(self, voice: int, seconds: float) -> None:
        """Time passes for a voice."""
        row = self.rows[voice]
        row[ONSET] = min(row[ONSET] + seconds, HELD_S)
        if not row[GATE]:
            row[RELEASE] = min(row[RELEASE] + seconds, HELD_S)
