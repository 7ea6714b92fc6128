"""Held notes, newest first: what a keyboard player expects of one voice."""

from ddsp_pi.frame import Note


class HeldNotes:
    """Last-note priority: a newer note wins, releasing it returns to the one still held."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """All keys up."""
        self._held: list[Note] = []

    @property
    def current(self) -> Note | None:
        """The note that sounds, None when all keys are up."""
        return self._held[-1] if self._held else None

    def take(self, note: Note) -> bool | None:
        """A key moves. True opens the gate, False closes it, None leaves it (legato return)."""
        self._held = [held for held in self._held if held.note != note.note]
        if note.velocity > 0.0:
            self._held.append(note)
            return True
        return None if self._held else False
