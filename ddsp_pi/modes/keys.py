"""Which voice plays which key: what a keyboard player expects of one voice, and of many."""

from typing import NamedTuple

from ddsp_pi.frame import Note

MOST_HELD = 128
"""Keys down at once, of a keyboard that has no more. Beyond, the oldest without a voice is forgotten:
notes of any pitch that never end must not fill the memory."""


class Cable(NamedTuple):
    """The gate of a voice's own cable: it never plays another voice."""

    voice: int


Player = Note | Cable


class Move(NamedTuple):
    """What a key or a cable does to a voice."""

    voice: int
    note: Note | None
    """The key that has the voice now; None: its cable has it."""
    gate: bool | None
    """True opens it, False closes it, None leaves it: what is still held sounds again."""


class Keys:
    """Gives voices to those who play them, newest first.

    A new key takes its own voice again, else one that is free, the one that has rested longest
    first, else that of the key which has been held longest, else that of a cable. A cable takes
    its own voice from whoever has it. When a voice falls free, the newest that lost it and is still
    held returns to it: with one voice, last-note priority.
    """

    def __init__(self, voices: int) -> None:
        self._voices = voices
        self._most = voices
        self.reset()

    def reset(self) -> None:
        """All keys up, all gates closed."""
        self._held: list[Player] = []
        self._players: list[Player | None] = [None] * self._voices
        self._rested = list(range(self._voices))

    def release(self) -> None:
        """All keys up, all gates closed; voices keep their pitch while they fade."""
        self._held = []

    def limit(self, most: int) -> None:
        """Give out only the first so many voices; who loses one may return when another falls free."""
        for voice in range(self._most, most):
            self._players[voice] = None
        self._most = most

    def key(self, voice: int) -> Note | None:
        """The key of a voice, also after it has been released; None: none yet, or a cable has it."""
        player = self._players[voice]
        return player if isinstance(player, Note) else None

    def take(self, note: Note) -> Move | None:
        """A key goes down (velocity > 0) or up; None if that changes no voice."""
        return self._press(note) if note.velocity > 0.0 else self._release(note)

    def patch(self, voice: int, high: bool) -> Move | None:
        """The gate of a voice's cable goes high or low; None if that changes no voice."""
        cable = Cable(voice)
        if not high:
            return self._release(cable)
        return self._press(cable) if voice < self._most else None

    def _press(self, player: Player) -> Move:
        self._let_go(player)
        self._held.append(player)
        if len(self._held) > MOST_HELD:
            self._held.remove(next(held for held in self._held if self._voice_of(held) is None))
        voice = self._voice_for(player)
        self._rest(voice)
        return self._give(voice, player, True)

    def _release(self, player: Player) -> Move | None:
        was_held = self._let_go(player)
        voice = self._voice_of(player)
        if voice is None or not was_held:
            return None
        lost = [held for held in self._held if self._voice_of(held) is None and _may_play(held, voice)]
        if lost:
            return self._give(voice, lost[-1], None)
        self._rest(voice)
        return Move(voice, self.key(voice), False)

    def _give(self, voice: int, player: Player, gate: bool | None) -> Move:
        self._players[voice] = player
        return Move(voice, self.key(voice), gate)

    def _let_go(self, player: Player) -> bool:
        """Whether it was held before."""
        before = self._held
        self._held = [held for held in before if not _same(held, player)]
        return len(self._held) < len(before)

    def _voice_of(self, player: Player) -> int | None:
        """The voice of a player, or the one it had last."""
        for voice, its in enumerate(self._players[: self._most]):
            if its is not None and _same(its, player):
                return voice
        return None

    def _voice_for(self, player: Player) -> int:
        """Where a player goes that has just been pressed."""
        if isinstance(player, Cable):
            return player.voice
        own = self._voice_of(player)
        if own is not None:
            return own
        free = [v for v in self._rested if v < self._most and self._players[v] not in self._held]
        return free[0] if free else self._oldest()

    def _oldest(self) -> int:
        """The voice that has been held longest, rather by a key than by a cable."""
        held = sorted(self._held, key=lambda player: isinstance(player, Cable))
        return next(voice for player in held if (voice := self._voice_of(player)) is not None)

    def _rest(self, voice: int) -> None:
        """Moves a voice to the end of the queue of those to be taken."""
        self._rested.remove(voice)
        self._rested.append(voice)


def _same(one: Player, other: Player) -> bool:
    """Whether both are the same key, or the same cable."""
    if isinstance(one, Note) and isinstance(other, Note):
        return one.note == other.note
    return isinstance(one, Cable) and one == other


def _may_play(player: Player, voice: int) -> bool:
    return isinstance(player, Note) or player.voice == voice
