"""How notes are played: what a decoder is told of them besides pitch and loudness."""

from collections.abc import Sequence

HELD_S = 1000.0
"""Seconds since a release that has not come yet: whatever fades with them is gone."""

ONSET, RELEASE, GATE, CONTROLS = range(4)
"""Columns of a row: two times in seconds, 1 while the key is held and 0 after, and from the fourth on
the controllers in the order of the card, 0..1 each."""


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
