"""Standard MIDI files as messages with times. What they play is none of its concern: see midi_file.

The format is that of "Standard MIDI Files 1.0" (MIDI Manufacturers Association, RP-001). Whatever the bytes
are, reading them ends soon: a file is at most LARGEST_BYTES long, and each byte is looked at once.
"""

import stat
from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path

from ddsp_pi.errors import PerformanceError
from ddsp_pi.midi_track import Message, Track

LARGEST_BYTES = 4 << 20
"""No piece that one would play here is as long; the densest file of this size takes 0.4 GB to be played."""

LONGEST_S = 4 * 3600.0
"""A longer file is damaged, or nothing that anyone would render."""

USUAL_TEMPO = 500_000
"""Microseconds per beat where the file does not say: 120 beats per minute."""

HEAD, TRACK = b"MThd", b"MTrk"

ITS_END = Message("end", 0)
"""Of a song."""


def read_messages(path: Path) -> Iterator[tuple[int, Message]]:
    """What a file says: times in ns from its start, never falling, and messages.

    All tracks of a song are together, those of one time in order of the tracks, and then comes ITS_END.
    Formats 0 and 1 are one song; in format 2 each track is one, and begins where the one before ended.

    Raises:
        PerformanceError: the file is missing, too large, no MIDI, damaged, hours long, or counts time in
            film frames; the message names the file, the track and the byte, and what to do.
    """
    data = _bytes_of(path)
    tracks, kind, ticks = _tracks(path, data)
    begin_ns = 0
    for song in [[track] for track in tracks] if kind == 2 else [tracks]:
        for at_ns, message in _timed(path, song, ticks, begin_ns):
            yield at_ns, message
        begin_ns = at_ns


def _bytes_of(path: Path) -> bytes:
    """The whole file; one that waits for somebody to write it is not begun with."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if path.is_dir() else "no ordinary file"
            raise PerformanceError(f"{path}: not a MIDI file, but {what}; name a .mid file")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise PerformanceError(f"{path}: no such file") from None
    except OSError as error:
        raise PerformanceError(f"{path}: cannot be read ({error.strerror}); look after that") from None
    if not data.startswith(HEAD):
        raise PerformanceError(f"{path}: not a MIDI file: it does not begin with MThd; name a .mid file")
    if len(data) > LARGEST_BYTES:
        raise PerformanceError(
            f"{path}: larger than {LARGEST_BYTES >> 20} MB, which no piece is; split it, or export it again"
        )
    return data


def _tracks(path: Path, data: bytes) -> tuple[list[Track], int, int]:
    """The tracks of a file, its format, and its ticks per beat."""
    body, after = _chunk(path, data, 0)
    if len(body) < 6:
        raise PerformanceError(f"{path}: not a MIDI file: its head is {len(body)} bytes long instead of 6")
    kind, count, ticks = (int.from_bytes(body[at : at + 2], "big") for at in (0, 2, 4))
    _check_head(path, kind, count, ticks)
    tracks: list[Track] = []
    while len(tracks) < count:
        if after >= len(data):
            raise PerformanceError(
                f"{path}: it should have {count} tracks and ends after {len(tracks)}, at byte {after}; "
                "the file is cut off: copy it or export it again"
            )
        begin = after
        body, after = _chunk(path, data, begin)
        # Other chunks may be anywhere, and are none of ours.
        if data[begin : begin + 4] == TRACK:
            tracks.append(Track(path, len(tracks) + 1, data, after - len(body), after))
    return tracks, kind, ticks


def _chunk(path: Path, data: bytes, begin: int) -> tuple[memoryview, int]:
    """What is in a chunk, and where the next begins."""
    size = int.from_bytes(data[begin + 4 : begin + 8], "big")
    end = begin + 8 + size
    if end > len(data):
        raise PerformanceError(
            f"{path}: what begins at byte {begin} should be {size} bytes long, and the file ends "
            f"{end - len(data)} bytes before that; it is cut off or damaged: copy it or export it again"
        )
    return memoryview(data)[begin + 8 : end], end


def _check_head(path: Path, kind: int, count: int, ticks: int) -> None:
    if kind > 2:
        raise PerformanceError(f"{path}: of an unknown MIDI format, {kind}; export it as format 0 or 1")
    if not count:
        raise PerformanceError(f"{path}: it has no tracks: there is nothing to play; export it again")
    if ticks >= 0x8000:
        raise PerformanceError(f"{path}: counts time in film frames; export it with ticks per beat")
    if not ticks:
        raise PerformanceError(f"{path}: it has 0 ticks per beat, so it has no times; export it again")


def _timed(
    path: Path, tracks: Sequence[Track], ticks_per_beat: int, begin_ns: int
) -> Iterator[tuple[int, Message]]:
    """Messages of tracks that are played together, with times in ns."""
    tempo, tempo_tick = USUAL_TEMPO, 0
    # In microseconds · ticks per beat, and so without any rounding.
    passed = at_ns = 0
    for event in merge(*(track.events() for track in tracks), key=lambda event: event.tick):
        now = passed + (event.tick - tempo_tick) * tempo
        at_ns = begin_ns + (2000 * now + ticks_per_beat) // (2 * ticks_per_beat)
        if at_ns > LONGEST_S * 1e9:
            raise PerformanceError(
                f"{path}: longer than {LONGEST_S / 3600.0:g} hours; it may be damaged: export it again"
            )
        if event.tempo is not None:
            tempo, tempo_tick, passed = event.tempo, event.tick, now
        if event.message is not None:
            yield at_ns, event.message
    yield at_ns, ITS_END
