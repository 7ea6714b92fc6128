"""Keeps the instrument that plays in step with its file, and changes it by name."""

from collections import deque
from collections.abc import Callable
from pathlib import Path

from ddsp_pi.errors import DdspPiError, InstrumentError
from ddsp_pi.files import Sight, sight

Say = Callable[[str], None]


class InstrumentWatch:
    """Looks again and again whether the instrument that plays has a new file.

    A file is asked for its state, which works on every file system, and is loaded when two looks
    in a row saw it the same: by then whoever copies it there has finished. Make one before the
    instrument is loaded for the first time, so that no change in between is missed.
    """

    def __init__(self, name: str, find: Callable[[str], Path]) -> None:
        self._name, self._find = name, find
        self._seen = self._settling = self._look()
        self._asked: deque[str] = deque(maxlen=1)

    @property
    def name(self) -> str:
        """The instrument that is to play: a name, or a file."""
        return self._asked[0] if self._asked else self._name

    def select(self, name: str) -> None:
        """Play another instrument soon; from any thread, the latest wins."""
        self._asked.append(name)

    def poll(self, play: Callable[[Path], None], say: Say) -> None:
        """Look once, and have `play` load and play what is new.

        Whatever cannot be found or played is said with its reason, and the instrument plays on as it was.
        """
        try:
            if self._asked:
                self._change(self._asked.popleft(), play, say)
            else:
                self._follow(play, say)
        except (DdspPiError, OSError) as error:
            say(f"{error}. {self._name} plays on as it was")

    def _change(self, name: str, play: Callable[[Path], None], say: Say) -> None:
        seen = sight(self._find(name))
        play(seen.path)
        self._name, self._seen = name, seen
        say(f"{name} is wanted: {seen.path}")

    def _follow(self, play: Callable[[Path], None], say: Say) -> None:
        seen, before = self._look(), self._settling
        self._settling = seen
        if seen == self._seen or seen != before:
            return
        self._seen = seen
        if seen is None:
            say(f"{self._name} was removed; it plays on until another is chosen")
            return
        play(seen.path)
        say(f"{self._name} has changed: {seen.path}")

    def _look(self) -> Sight | None:
        """The file of the instrument that plays; None while there is none."""
        try:
            return sight(self._find(self._name))
        except (InstrumentError, OSError):
            return None
