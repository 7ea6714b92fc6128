"""A MIDI file as keys and knobs that are played beside the cables, to be rendered."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ddsp_pi.control.midi import Key, MidiActs, MidiPlayer
from ddsp_pi.errors import PerformanceError
from ddsp_pi.frame import Note
from ddsp_pi.midi_track import Message
from ddsp_pi.params import ParamSet
from ddsp_pi.sections import Midi
from ddsp_pi.standard_midi import ITS_END, read_messages

NOTES = ("note_on", "note_off")


class Turn(NamedTuple):
    """A parameter gets a value, in its unit."""

    at_ns: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Song:
    """What a file plays: notes and turns in order of time."""

    notes: tuple[Note, ...]
    turns: tuple[Turn, ...]
    programs: tuple[int, ...]
    """Instruments that it asks for, which are not changed while a file is rendered."""
    length_ns: int
    """Where the file ends, and with it every note."""


class Cables(Protocol):
    """A board that is played as well."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """Of its jacks, as last known before `at_ns`, NaN where nothing is patched."""

    def events(self, until_ns: int) -> Sequence[Any]:
        """What has not been said yet and happened before `until_ns`."""


class MidiPerformance:
    """Plays a song on the keys while cables say what they say, once and from the start."""

    def __init__(self, song: Song, cables: Cables) -> None:
        self.song = song
        self._cables = cables
        self._notes, self._turns = iter(song.notes), iter(song.turns)
        self._note, self._turn = next(self._notes, None), next(self._turns, None)
        self._set: Callable[[str, float], object] | None = None

    @property
    def length_ns(self) -> int:
        """Where the song ends."""
        return self.song.length_ns

    def turn_with(self, set_param: Callable[[str, float], object]) -> None:
        """What turns the parameters, such as `App.set_param`; without it they stay."""
        self._set = set_param

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Cables; turns the parameters whose time has come, as volts are read once per hop."""
        while self._turn is not None and self._turn.at_ns < at_ns:
            if self._set is not None:
                self._set(self._turn.name, self._turn.value)
            self._turn = next(self._turns, None)
        return self._cables.volts(at_ns)

    def events(self, until_ns: int) -> Sequence[Any]:
        """See Cables; with the notes."""
        return [*self._cables.events(until_ns), *self._due(until_ns)]

    def _due(self, until_ns: int) -> Iterator[Note]:
        while self._note is not None and self._note.at_ns < until_ns:
            yield self._note
            self._note = next(self._notes, None)


def load_midi(path: Path, settings: Midi, params: ParamSet, cables: Cables) -> MidiPerformance:
    """Read a standard MIDI file, all tracks together, as it would be played into a port.

    Args:
        path: the file.
        settings: channel, range of the pitch wheel, controllers.
        params: of the mode that will play, as they stand at the start; left as the song leaves them.
        cables: a board that is played as well, a NullBoard for none.

    Raises:
        PerformanceError: the file cannot be read as `read_messages` says, or has no note on the channel;
            the message names the file.
    """
    song = _played(_in_turn(read_messages(path)), settings, params)
    if not song.notes:
        where = f"on channel {settings.channel} (midi.channel)" if settings.channel else "in it"
        raise PerformanceError(f"{path}: there is no note {where}")
    return MidiPerformance(song, cables)


def _in_turn(messages: Iterable[tuple[int, Message]]) -> Iterator[tuple[int, Message]]:
    """The same; where a key is struck at the very time at which it goes up, it goes up first.

    Both may stand in any order, as in different tracks, and the new note would end with the old one.
    """
    down = set[Key]()
    for at_ns, group in groupby(messages, key=itemgetter(0)):
        together = [message for _, message in group]
        for message in _ends_first(together, down.copy()) if down and len(together) > 1 else together:
            yield at_ns, message
            if message.type in NOTES:
                (down.add if _begins(message) else down.discard)((message.channel, message.note))


def _ends_first(together: Sequence[Message], down: Container[Key]) -> Iterator[Message]:
    """Messages of one time, with the ends of keys that are down before their next note."""
    ends: dict[Key, int] = {}
    for place, message in enumerate(together):
        if message.type in NOTES and not _begins(message):
            ends.setdefault((message.channel, message.note), place)
    said = set[int]()
    for place, message in enumerate(together):
        key = (message.channel, message.note)
        if _begins(message) and key in down and ends.get(key, -1) > place:
            said.add(ends[key])
            yield together[ends.pop(key)]
        if place not in said:
            yield message


def _begins(message: Message) -> bool:
    return message.type == "note_on" and message.velocity > 0


def _played(messages: Iterable[tuple[int, Message]], settings: Midi, params: ParamSet) -> Song:
    """What a player does with the messages."""
    at_ns, notes, turns, programs = 0, list[Note](), list[Turn](), list[int]()

    def turn(name: str, value: float) -> None:
        params.set(name, value)
        turns.append(Turn(at_ns, name, value))

    acts = MidiActs(
        play=lambda note, velocity: notes.append(Note(note, velocity, at_ns)),
        set=turn,
        value=lambda name: params.values[name],
        select=programs.append,
        panic=lambda: None,
        say=lambda text: None,
    )
    player = MidiPlayer(acts, settings, params)
    for due_ns, message in messages:
        at_ns = due_ns
        if message is ITS_END:
            player.let_go()
        else:
            player.take(message)
    return Song(tuple(notes), tuple(turns), tuple(programs), at_ns)
