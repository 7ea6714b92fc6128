"""A MIDI file as keys and knobs that are played beside the cables, to be rendered."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ddsp_pi.control.midi import MidiActs, MidiPlayer
from ddsp_pi.errors import MissingExtraError, PerformanceError
from ddsp_pi.frame import Note
from ddsp_pi.params import ParamSet
from ddsp_pi.sections import Midi

LONGEST_S = 4 * 3600.0
"""A longer file is damaged, or nothing that anyone would render."""


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
        PerformanceError: the file is missing, damaged, of a kind that cannot be played, hours long, or has
            no note on the channel; the message names the file.
        MissingExtraError: mido is not installed.
    """
    song = _played(path, _messages(path), settings, params)
    if not song.notes:
        where = f"on channel {settings.channel} (midi.channel)" if settings.channel else "in it"
        raise PerformanceError(f"{path}: there is no note {where}")
    return MidiPerformance(song, cables)


def _messages(path: Path) -> list[tuple[int, Any]]:
    """Times from the start in ns, and messages; the last is the end."""
    try:
        import mido
    except ImportError as error:
        raise MissingExtraError("this needs mido; install it with: pip install 'ddsp-pi[midi]'") from error
    # What it raises for bytes that are no MIDI depends on where it stumbles.
    stumbles = (OSError, EOFError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError)
    try:
        file = mido.MidiFile(path)
        if file.ticks_per_beat <= 0 or file.ticks_per_beat >= 0x8000:
            raise PerformanceError(f"{path}: counts time in film frames; export it with ticks per beat")
        return list(_timed(path, file))
    except FileNotFoundError:
        raise PerformanceError(f"{path}: no such file") from None
    except PerformanceError:
        raise
    except (*stumbles, mido.KeySignatureError) as error:
        raise PerformanceError(f"{path}: not a MIDI file that can be played ({error})") from error


def _timed(path: Path, file: Any) -> Iterator[tuple[int, Any]]:
    seconds = 0.0
    for message in file:
        seconds += message.time
        if seconds > LONGEST_S:
            raise PerformanceError(f"{path}: longer than {LONGEST_S / 3600.0:g} hours; it may be damaged")
        yield round(seconds * 1e9), message


def _played(path: Path, messages: Sequence[tuple[int, Any]], settings: Midi, params: ParamSet) -> Song:
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
        player.take(message)
    player.let_go()
    return Song(tuple(notes), tuple(turns), tuple(programs), at_ns)
