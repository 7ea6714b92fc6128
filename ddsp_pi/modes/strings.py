"""Which string plays which voice: a note that is struck takes a silent one, and the one before rings out."""

from collections.abc import Callable
from typing import NamedTuple

from ddsp_pi.modes.outside import SILENT_GAIN

SPARE = 2
"""Strings beyond the voices of a chord, for what rings out while they are struck again; one voice has one."""


def strings_for(voices: int) -> int:
    """How many strings so many voices take."""
    return voices + min(voices, SPARE)


def voices_on(strings: int) -> int:
    """How many voices so many strings are for."""
    return max(strings - SPARE, 1)


class Taken(NamedTuple):
    """A string for a note."""

    string: int
    silent: bool
    """Whether the note may begin at once; otherwise the string sounds, and slides into it."""
    before: int | None
    """Another string, on which the voice played until now."""


class Strings:
    """The string of every voice. A string without a voice rings out, or rests."""

    def __init__(self, strings: int) -> None:
        self._strings = range(strings)
        self.reset()

    def reset(self) -> None:
        """Nobody plays."""
        self.of: list[int | None] = [None] * voices_on(len(self._strings))

    def drop(self, voice: int) -> None:
        """A voice plays no string any more."""
        self.of[voice] = None

    def take(self, voice: int, gain: Callable[[int], float]) -> Taken:
        """The quietest string that no other voice plays.

        Args:
            voice: who wants it.
            gain: of a string's gate; of a string that was struck in this very moment it is still 0.
        """
        others = {string for other, string in enumerate(self.of) if other != voice}
        string = min((string for string in self._strings if string not in others), key=gain)
        before, self.of[voice] = self.of[voice], string
        return Taken(string, gain(string) < SILENT_GAIN, before if before != string else None)
