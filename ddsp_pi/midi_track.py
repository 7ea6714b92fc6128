"""One track of a standard MIDI file: its bytes as messages at ticks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.errors import PerformanceError

LONGEST_NUMBER = 4
"""Bytes of a number of variable length."""

META, SYSEX, TEMPO, END = 0xFF, (0xF0, 0xF7), 0x51, 0x2F

SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, **dict.fromkeys(range(0xF8, 0xFF), 0)}
"""Data of messages that belong on a cable and not into a file, where some recorders write them."""


class Message(NamedTuple):
    """What a port says, named as mido does; fields that a type does not have are 0."""

    type: str
    channel: int
    """From 0 on."""
    note: int = 0
    velocity: int = 0
    control: int = 0
    value: int = 0
    pitch: int = 0
    program: int = 0


MAKES: dict[int, Callable[[int, int, int], Message]] = {
    0x80: lambda channel, note, velocity: Message("note_off", channel, note, velocity),
    0x90: lambda channel, note, velocity: Message("note_on", channel, note, velocity),
    0xB0: lambda channel, control, value: Message("control_change", channel, control=control, value=value),
    0xC0: lambda channel, program, _: Message("program_change", channel, program=program),
    0xE0: lambda channel, low, high: Message("pitchwheel", channel, pitch=(high << 7 | low) - 8192),
}
"""Of the upper half of the status byte. Aftertouch is passed over."""

ONE_BYTE = (0xC0, 0xD0)
"""Messages with one byte of data; the others have two."""


class Event(NamedTuple):
    """Something in a track."""

    tick: int
    tempo: int | None = None
    """Microseconds per beat from now on."""
    message: Message | None = None


class Track:
    """The bytes of one track, read once from the first to the last."""

    def __init__(self, path: Path, number: int, data: bytes, begin: int, end: int) -> None:
        self._where = f"{path}: track {number}"
        self._data, self._at, self._end = data, begin, end

    def events(self) -> Iterator[Event]:
        """In order of time; the last has neither tempo nor message: the end.

        Raises:
            PerformanceError: damaged; the message says where.
        """
        tick = status = 0
        is_over = False
        while self._at < self._end and not is_over:
            tick += self._number("a time")
            begin = self._at
            first = self._byte()
            if first == META:
                kind, size = self._byte(), self._number("a length")
                body = self._bytes(size, "a meta event")
                is_over = kind == END
                if kind == TEMPO:
                    yield Event(tick, self._tempo(begin, body))
            elif first in SYSEX:
                self._bytes(self._number("a length"), "a system exclusive message")
            elif first in SYSTEM_BYTES:
                self._bytes(SYSTEM_BYTES[first], "a system message")
            elif first >= 0xF0:
                raise self._damaged(begin, f"there is no MIDI event {first:02X}")
            else:
                # Running status lasts over what is in between, as in files that do not keep to the letter.
                status = status if first < 0x80 else first
                yield from self._spoken(tick, begin, status, first)
        yield Event(tick)

    def _spoken(self, tick: int, begin: int, status: int, first: int) -> Iterator[Event]:
        if not status:
            raise self._damaged(begin, "it begins with data of no message")
        low = first if first < 0x80 else self._data_byte()
        high = 0 if status & 0xF0 in ONE_BYTE else self._data_byte()
        make = MAKES.get(status & 0xF0)
        if make is not None:
            yield Event(tick, message=make(status & 0x0F, low, high))

    def _tempo(self, begin: int, body: bytes) -> int:
        tempo = int.from_bytes(body[:3], "big")
        if len(body) < 3 or not tempo:
            raise self._damaged(begin, f"a tempo of {tempo} microseconds per beat in {len(body)} bytes")
        return tempo

    def _number(self, what: str) -> int:
        """One of variable length: seven bits in a byte, the highest first."""
        begin, number = self._at, 0
        for _ in range(LONGEST_NUMBER):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise self._damaged(begin, f"{what} of more than {LONGEST_NUMBER} bytes")

    def _data_byte(self) -> int:
        byte = self._byte()
        if byte > 0x7F:
            raise self._damaged(self._at - 1, f"{byte} where data of a message is at most 127")
        return byte

    def _byte(self) -> int:
        at = self._at
        if at == self._end:
            raise self._damaged(at, "the track ends within an event")
        self._at = at + 1
        return self._data[at]

    def _bytes(self, size: int, what: str) -> bytes:
        begin, end = self._at, self._at + size
        if end > self._end:
            raise self._damaged(begin, f"{what} goes on beyond the end of the track at byte {self._end}")
        self._at = end
        return self._data[begin:end]

    def _damaged(self, at: int, what: str) -> PerformanceError:
        return PerformanceError(
            f"{self._where}, byte {at}: {what}; the file is damaged: copy it or export it again"
        )
