"""Which voice plays which key: what a keyboard player expects of one voice, and of many."""

from typing import NamedTuple

from ddsp_pi.frame import Note


class Move(NamedTuple):
    """What a key does to a voice."""

    voice: int
    note: Note
    gate: bool | None
    """True opens it, False closes it, None leaves it: a key that is still held sounds again."""


class Keys:
    """Gives keys to voices, newest first.

    A new key takes its own voice again, else one that is free, the one that has rested longest
    first, else that of the key which has been held longest. When a voice falls free, the newest
    key that lost its voice and is still held returns to it: with one voice, last-note priority.
    """

    def __init__(self, voices: int) -> None:
        self._voices = voices
        self.reset()

    def reset(self) -> None:
        """All keys up."""
        self._held: list[Note] = []
        self.playing: list[Note | None] = [None] * self._voices
        """The key of each voice, also after it has been released; None: none yet, or a cable has it."""
        self._rested = list(range(self._voices))

    def release(self) -> None:
        """All keys up; voices keep their pitch while they fade."""
        self._held = []

    def take(self, note: Note) -> Move | None:
        """A key goes down (velocity > 0) or up; None if that changes no voice."""
        self._held = [held for held in self._held if held.note != note.note]
        if note.velocity > 0.0:
            self._held.append(note)
            return self._press(note)
        return self._release(note)

    def leave(self, voice: int) -> None:
        """A cable takes a voice; its key is forgotten."""
        self.playing[voice] = None
        self._rest(voice)

    def _press(self, note: Note) -> Move:
        voice = self._voice_of(note.note)
        if voice is None:
            free = [v for v in self._rested if not self._is_held(v)]
            voice = free[0] if free else self._oldest()
        self.playing[voice] = note
        self._rest(voice)
        return Move(voice, note, True)

    def _release(self, note: Note) -> Move | None:
        voice = self._voice_of(note.note)
        if voice is None:
            return None
        lost = [held for held in self._held if self._voice_of(held.note) is None]
        if lost:
            self.playing[voice] = lost[-1]
            return Move(voice, lost[-1], None)
        self._rest(voice)
        return Move(voice, note, False)

    def _voice_of(self, number: float) -> int | None:
        """The voice that plays a key, or that played it last."""
        for voice, note in enumerate(self.playing):
            if note is not None and note.note == number:
                return voice
        return None

    def _is_held(self, voice: int) -> bool:
        return self.playing[voice] in self._held

    def _oldest(self) -> int:
        voices = {note.note: voice for voice, note in enumerate(self.playing) if note is not None}
        return next(voices[held.note] for held in self._held if held.note in voices)

    def _rest(self, voice: int) -> None:
        """Moves a voice to the end of the queue of those to be taken."""
        self._rested.remove(voice)
        self._rested.append(voice)
