"""A MIDI file that goes with a recording: which keys were down when, and what else was turned."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_pi.errors import PerformanceError, RecordingError
from ddsp_pi.midi_track import Message
from ddsp_pi.models.card import Style
from ddsp_pi.standard_midi import read_messages

TOP = 127
BEND_DOWN, BEND_UP = 8192, 8191
USUAL_BEND = 2.0
"""Semitones of the pitch wheel until the file says otherwise."""

PEDAL, PEDAL_DOWN = 64, 64
DATA, RPN_HIGH, RPN_LOW = 6, 101, 100
ALL_OFF = (120, 123)

Values = tuple[float, ...]


@dataclass(slots=True)
class Key:
    """A note as it was played; times in seconds from the start of the file."""

    note: int
    on_s: float
    off_s: float = float("inf")
    """When it is let go, by finger and pedal."""


@dataclass(frozen=True, slots=True)
class Score:
    """All that a file says of how an instrument was played, in order of time."""

    keys: list[Key]
    turns: list[tuple[float, Values]]
    """When controllers were turned and what all of them were then; the first is the start."""
    bends: list[tuple[float, float]]
    """When the pitch was bent, and by how many semitones."""


def read_score(path: Path, style: Style) -> Score:
    """What one instrument plays in a standard MIDI file, all tracks together, by its tempo map.

    Raises:
        RecordingError: the file is damaged, has no note, or has those of several channels.
    """
    messages = _messages(path)
    channels = sorted({message.channel + 1 for _, message in messages if message.type == "note_on"})
    if len(channels) != 1:
        what = f"notes on channels {', '.join(map(str, channels))}" if channels else "no note"
        raise RecordingError(f"{path}: it has {what}; leave those of the one instrument that was recorded")
    reader = _Reader(style)
    for at_s, message in messages:
        if message.channel == channels[0] - 1:
            reader.take(at_s, message)
    return reader.score


def _messages(path: Path) -> list[tuple[float, Message]]:
    """Seconds from the start, and messages."""
    try:
        return [(at_ns * 1e-9, message) for at_ns, message in read_messages(path)]
    except PerformanceError as error:
        raise RecordingError(str(error)) from None


@dataclass(slots=True)
class _Channel:
    """Where the wheels, knobs and pedals of a channel are."""

    bend_range: float = USUAL_BEND
    bend: float = 0.0
    pedal: bool = False
    selected: list[int] = field(default_factory=lambda: [TOP, TOP])
    """The registered parameter that data is for; none at first."""


class _Reader:
    """Follows the messages of one channel."""

    def __init__(self, style: Style) -> None:
        self._controls = [controller.default for controller in style.controllers]
        self._columns = {c.cc: column for column, c in enumerate(style.controllers) if c.cc is not None}
        self._channel = _Channel()
        self._down: dict[int, Key] = {}
        self._pedalled: dict[int, Key] = {}
        self.score = Score([], [(0.0, tuple(self._controls))], [])
        self._acts: dict[str, Callable[[float, Message], None]] = {
            "note_on": self._on,
            "note_off": lambda at_s, message: self._off(at_s, message.note),
            "control_change": self._control,
            "pitchwheel": self._wheel,
        }

    def take(self, at_s: float, message: Message) -> None:
        act = self._acts.get(message.type)
        if act is not None:
            act(at_s, message)

    def _on(self, at_s: float, message: Message) -> None:
        if message.velocity == 0:
            self._off(at_s, message.note)
            return
        # A string that is struck again is not let go before, but it is damped.
        for held in (self._down, self._pedalled):
            self._end(held, message.note, at_s)
        self._down[message.note] = key = Key(message.note, at_s)
        self.score.keys.append(key)

    def _off(self, at_s: float, note: int) -> None:
        key = self._down.pop(note, None)
        if key is None:
            return
        if self._channel.pedal:
            self._pedalled[note] = key
        else:
            key.off_s = at_s

    def _end(self, held: dict[int, Key], note: int, at_s: float) -> None:
        key = held.pop(note, None)
        if key is not None:
            key.off_s = at_s

    def _control(self, at_s: float, message: Message) -> None:
        control, value, channel = message.control, message.value, self._channel
        if control in self._columns:
            self._controls[self._columns[control]] = value / TOP
            self.score.turns.append((at_s, tuple(self._controls)))
        elif control == PEDAL:
            channel.pedal = value >= PEDAL_DOWN
            if not channel.pedal:
                self._end_all(self._pedalled, at_s)
        elif control in ALL_OFF:
            self._end_all(self._down, at_s)
            self._end_all(self._pedalled, at_s)
        elif control in (RPN_HIGH, RPN_LOW):
            channel.selected[RPN_HIGH - control] = value
        elif control == DATA and channel.selected == [0, 0]:
            channel.bend_range = float(value)

    def _end_all(self, held: dict[int, Key], at_s: float) -> None:
        for note in list(held):
            self._end(held, note, at_s)

    def _wheel(self, at_s: float, message: Message) -> None:
        side = BEND_UP if message.pitch > 0 else BEND_DOWN
        self._channel.bend = self._channel.bend_range * message.pitch / side
        self.score.bends.append((at_s, self._channel.bend))
