"""The phrases for a style-aware guitar, in configs/phrases; to write them again: python -m tests.phrases"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.midi_bytes import END, number, song

FOLDER = Path(__file__).parents[1] / "configs" / "phrases"
TICKS = 480
OPENNESS, POWER = 55, 56
OPEN, MUTED = 127, 0


@dataclass(frozen=True)
class Pluck:
    """A note until the next one, and how it is played."""

    note: int
    beats: float
    velocity: int
    openness: int = OPEN
    power: int = 0


@dataclass(frozen=True)
class Phrase:
    """One voice, from its first note on."""

    title: str
    beats_per_minute: int
    plucks: tuple[Pluck, ...]


def triad(root: int, velocity: int, *openness: int) -> tuple[Pluck, ...]:
    """A bar of a broken minor triad that leans on its root and rests on its fifth."""
    steps = ((0, 1, 0), (3, 1, -16), (7, 2, -8))
    return tuple(
        Pluck(root + step, beats, velocity + less, touch)
        for (step, beats, less), touch in zip(steps, openness or (OPEN,) * 3, strict=True)
    )


def chug(root: int, velocity: int) -> tuple[Pluck, ...]:
    """Half a bar of power chords: two muted ones that lead to an open one."""
    return (
        Pluck(root, 0.5, velocity - 24, MUTED, 127),
        Pluck(root, 0.5, velocity - 16, MUTED, 127),
        Pluck(root, 1, velocity, OPEN, 127),
    )


A2, A3 = 45, 57
ALL_MUTED, IN_TURN, IN_TURN_AGAIN = (MUTED,) * 3, (OPEN, MUTED, OPEN), (MUTED, OPEN, MUTED)

PHRASES = {
    "two-notes": Phrase("Two notes", 60, (Pluck(36, 4, 92, MUTED), Pluck(36, 7, 100, OPEN))),
    "minor-triad": Phrase(
        "Minor triad",
        84,
        (*triad(A2, 84), *triad(A2, 92), *triad(A3, 88), *triad(A3, 104)),
    ),
    "minor-triad-long": Phrase(
        "Minor triad, open and muted",
        112,
        (
            *triad(A2, 92),
            *triad(A2, 96, *ALL_MUTED),
            *triad(A3, 88),
            *triad(A3, 96, *ALL_MUTED),
            *triad(A2, 88, *IN_TURN),
            *triad(A3, 96, *IN_TURN_AGAIN),
            *chug(A2, 100),
            *chug(41, 104),
            *chug(48, 104),
            *chug(43, 108),
            Pluck(A2, 4, 116, OPEN, 127),
        ),
    ),
}


def written(phrase: Phrase) -> bytes:
    """A MIDI file of one track on channel 1."""
    return song(b"".join(events(phrase)), kind=0, ticks=TICKS)


def events(phrase: Phrase) -> Iterator[bytes]:
    title = phrase.title.encode("ascii")
    yield b"\0\xff\x03" + number(len(title)) + title
    yield b"\0\xff\x51\3" + round(60e6 / phrase.beats_per_minute).to_bytes(3, "big")
    was: dict[int, int] = {}
    for pluck in phrase.plucks:
        for control, value in ((OPENNESS, pluck.openness), (POWER, pluck.power)):
            if was.get(control) != value:
                yield bytes((0, 0xB0, control, value))
            was[control] = value
        yield bytes((0, 0x90, pluck.note, pluck.velocity))
        yield number(round(pluck.beats * TICKS)) + bytes((0x80, pluck.note, 64))
    yield END


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, phrase in PHRASES.items():
        (FOLDER / f"{name}.mid").write_bytes(written(phrase))
