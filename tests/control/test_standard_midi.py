"""Reading standard MIDI files: what is said and when, and what is wrong with those that are damaged."""

import os
from fractions import Fraction
from itertools import accumulate

import mido
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddsp_pi.errors import PerformanceError
from ddsp_pi.standard_midi import ITS_END, LARGEST_BYTES, read_messages
from tests.midi_bytes import END, NOTE, chunk, head, number, seconds_at, song


@pytest.fixture
def path(tmp_path):
    return tmp_path / "song.mid"


@pytest.fixture
def read(path):
    def read(data):
        path.write_bytes(data)
        return list(read_messages(path))

    return read


def said(messages):
    return [
        (at_ns, message.type, message.note or message.control or message.pitch) for at_ns, message in messages
    ]


BEAT_NS = 500_000_000
C4 = [(0, "note_on", 60), (BEAT_NS, "note_off", 60)]
GOOD = {
    "format 0": (song(NOTE + END, kind=0), C4),
    "running status": (song(b"\0\x90\x3c\x40\x60\x3c\0" + END), [C4[0], (BEAT_NS, "note_on", 60)]),
    "running status across a meta event": (
        song(b"\0\x90\x3c\x40\0\xff\x01\2hi\x60\x3c\0" + END),
        [C4[0], (BEAT_NS, "note_on", 60)],
    ),
    "running status across a system exclusive": (
        song(b"\0\x90\x3c\x40\0\xf0\3\x7e\x7f\xf7\x60\x3c\0" + END),
        [C4[0], (BEAT_NS, "note_on", 60)],
    ),
    "system exclusive in two parts": (song(b"\0\xf0\2ab\0\xf7\2c\xf7" + NOTE + END), C4),
    "a meta event of no known kind": (song(b"\0\xff\x7e\3abc\0\xff\x60\0" + NOTE + END), C4),
    "a key of no known name": (song(b"\0\xff\x59\2\x63\x09" + NOTE + END), C4),
    "a name in no known letters": (song(b"\0\xff\x03\2\xff\xfe" + NOTE + END), C4),
    "clock and song position of a recorder": (song(b"\0\xf8\0\xfe\0\xf2\1\2\0\xf6" + NOTE + END), C4),
    "aftertouch of both kinds": (song(b"\0\xa0\x3c\x40\0\xd0\x40\0\x41" + NOTE + END), C4),
    "no end of the track": (song(NOTE), C4),
    "something after the end of the track": (song(NOTE + END + b"\0\x90\x3c"), C4),
    "something after the last track": (song(NOTE + END) + b"\0\0\0", C4),
    "more tracks than it says": (song(NOTE + END, b"\0\x90\x00\x01" + END, tracks=1), C4),
    "a chunk of another kind": (head() + chunk(b"abc", b"XFIH") + chunk(NOTE + END), C4),
    "a longer head": (b"MThd\0\0\0\x08" + head()[8:] + b"??" + chunk(NOTE + END), C4),
    "an empty track": (song(b"", NOTE + END), C4),
    "a track that is over at once": (song(END, NOTE + END), C4),
    "all tracks empty": (song(b"", b""), []),
    "two tracks together": (
        song(b"\x60\x90\x3e\x40" + END, NOTE + END),
        [C4[0], (BEAT_NS, "note_on", 62), C4[1]],
    ),
    "songs one after another": (
        song(b"\0\xff\x51\3\x03\xd0\x90" + NOTE + END, NOTE + END, kind=2),
        [
            C4[0],
            (BEAT_NS // 2, "note_off", 60),
            (BEAT_NS // 2, "note_on", 60),
            (BEAT_NS * 3 // 2, "note_off", 60),
        ],
    ),
    "one song of several": (song(NOTE + END, kind=2), C4),
    "the slowest tempo": (
        song(b"\0\xff\x51\3\xff\xff\xff" + NOTE + END),
        [C4[0], (16_777_215_000, "note_off", 60)],
    ),
    "the fastest tempo": (song(b"\0\xff\x51\3\0\0\1" + NOTE + END), [C4[0], (1000, "note_off", 60)]),
    "a tempo in a long event": (
        song(b"\0\xff\x51\4\x0f\x42\x40\0" + NOTE + END),
        [C4[0], (2 * BEAT_NS, *C4[1][1:])],
    ),
    "a tempo in the middle of a note, in another track": (
        song(b"\x30\xff\x51\3\x0f\x42\x40" + END, NOTE + END),
        [C4[0], (BEAT_NS * 3 // 2, "note_off", 60)],
    ),
    "the wheel, both ways": (
        song(b"\0\xe0\0\0\0\xe0\x7f\x7f" + END),
        [(0, "pitchwheel", -8192), (0, "pitchwheel", 8191)],
    ),
    "the largest time": (
        song(b"\xff\xff\xff\x7f" + NOTE[1:] + END, ticks=0x7FFF),
        [
            (268_435_455 * BEAT_NS // 0x7FFF + 1, "note_on", 60),
            ((268_435_455 + 96) * BEAT_NS // 0x7FFF, "note_off", 60),
        ],
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_can_be_played_is_played(read, case):
    data, wanted = GOOD[case]
    messages = read(data)
    assert [what for what in said(messages) if what[1] != "end"] == wanted
    assert messages[-1][1] is ITS_END


BAD = {
    "empty": (b"", "not a MIDI file: it does not begin with MThd"),
    "no MIDI": (b"RIFF" * 30, "not a MIDI file: it does not begin with MThd"),
    "cut in its head": (head()[:10], "should be 6 bytes long, and the file ends 4 bytes before that"),
    "a short head": (b"MThd\0\0\0\2\0\1", "its head is 2 bytes long instead of 6"),
    "a format of the future": (song(NOTE, kind=3), "of an unknown MIDI format, 3"),
    "film frames": (song(NOTE, ticks=0xE728), "film frames; export it with ticks per beat"),
    "no ticks": (song(NOTE, ticks=0), "0 ticks per beat"),
    "no tracks": (head(tracks=0), "no tracks"),
    "fewer tracks than it says": (
        song(NOTE + END, tracks=3),
        "should have 3 tracks and ends after 1, at byte 34",
    ),
    "cut off": (
        song(NOTE + END)[:-3],
        "begins at byte 14 should be 12 bytes long, and the file ends 3 bytes",
    ),
    "a length beyond everything": (head() + chunk(NOTE, size=0xFFFFFFFF), "should be 4294967295 bytes long"),
    "a length that swallows the next track": (
        head(tracks=2) + chunk(NOTE + END, size=24) + chunk(END),
        "should have 2 tracks and ends after 1",
    ),
    "a length within an event": (
        head() + chunk(NOTE, size=6),
        "track 1, byte 28: the track ends within an event",
    ),
    "running status of nothing": (song(b"\0\x3c\x40"), "track 1, byte 23: it begins with data of no message"),
    "data that is none": (
        song(NOTE, b"\0\x90\x3c\xc8" + END),
        r"track 2, byte 41: 200 where data .* at most 127",
    ),
    "an event that there is not": (song(b"\0\xf4" + END), "track 1, byte 23: there is no MIDI event F4"),
    "a long system exclusive": (
        song(b"\0\xf0\x8f\xff\xff\x7fabc"),
        "a system exclusive message goes on beyond",
    ),
    "a long meta event": (
        song(b"\0\xff\x01\x20abc"),
        "a meta event goes on beyond the end of the track at byte 29",
    ),
    "a length without an end": (song(b"\0\xff\x01\xff\xff\xff\xff\xff\x7f"), "a length of more than 4 bytes"),
    "a time without an end": (song(b"\xff" * 30), "track 1, byte 22: a time of more than 4 bytes"),
    "no tempo": (song(b"\0\xff\x51\3\0\0\0" + NOTE), "a tempo of 0 microseconds per beat in 3 bytes"),
    "half a tempo": (song(b"\0\xff\x51\2\1\1" + NOTE), "a tempo of 257 microseconds per beat in 2 bytes"),
    "days long": (song(b"\0\x90\x3c\x40\xff\xff\xff\x7f\xff\x2f\0"), "longer than 4 hours"),
    "hours of nothing again and again": (
        song(*[b"\x84\x80\0\xff\x2f\0"] * 999, kind=2, ticks=1),
        "longer than 4 hours",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_played_is_said_with_its_place(read, path, case):
    data, reason = BAD[case]
    with pytest.raises(PerformanceError, match=reason) as caught:
        read(data)
    assert str(path) in str(caught.value)


def test_what_is_no_file_is_said(tmp_path):
    with pytest.raises(PerformanceError, match="not a MIDI file, but a folder"):
        list(read_messages(tmp_path))
    with pytest.raises(PerformanceError, match=r"none\.mid: no such file"):
        list(read_messages(tmp_path / "none.mid"))
    with pytest.raises(PerformanceError, match="cannot be read"):
        list(read_messages(tmp_path / ("long" * 100)))


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PerformanceError, match="no ordinary file"):
        list(read_messages(tmp_path / "pipe"))


def test_a_file_that_may_not_be_read_is_said_to_be_so(path, monkeypatch):
    path.write_bytes(song(NOTE))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(PerformanceError, match=r"cannot be read \(Permission denied\)"):
        list(read_messages(path))


@pytest.mark.parametrize(
    ("begin", "reason"), [(b"", "does not begin with MThd"), (head(), "larger than 4 MB")]
)
def test_a_huge_file_is_refused_for_its_first_bytes(path, begin, reason):
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(1 << 36)  # takes no room on the disk, and more than there is in memory
    with pytest.raises(PerformanceError, match=reason):
        list(read_messages(path))


def test_the_largest_file_is_read(read):
    body = bytes(LARGEST_BYTES - 40)
    data = song(NOTE + b"\0\xff\x7f" + number(len(body)) + body)
    assert LARGEST_BYTES - 8 <= len(data) <= LARGEST_BYTES
    assert said(read(data))[:2] == C4


deltas = st.one_of(st.integers(0, 200), st.integers(0, 20_000))
spoken = st.one_of(
    st.builds(
        mido.Message,
        st.sampled_from(("note_on", "note_off")),
        note=st.integers(0, 127),
        velocity=st.integers(0, 127),
        channel=st.integers(0, 15),
    ),
    st.builds(
        mido.Message, st.just("control_change"), control=st.integers(0, 127), value=st.integers(0, 127)
    ),
    st.builds(
        mido.Message, st.just("pitchwheel"), pitch=st.integers(-8192, 8191), channel=st.integers(0, 15)
    ),
    st.builds(mido.Message, st.just("program_change"), program=st.integers(0, 127)),
    st.builds(mido.Message, st.sampled_from(("polytouch", "aftertouch"))),
    st.builds(mido.Message, st.just("sysex"), data=st.lists(st.integers(0, 127), max_size=9)),
)
metas = st.one_of(
    st.builds(mido.MetaMessage, st.just("set_tempo"), tempo=st.integers(1, 0xFFFFFF)),
    st.builds(mido.MetaMessage, st.sampled_from(("text", "marker")), text=st.text("abc", max_size=200)),
)
# mido forgets the time that passes before one that it does not know.
strange = st.builds(mido.UnknownMetaMessage, st.integers(0x60, 0x7E), data=st.binary(max_size=9).map(tuple))


def songs(*kinds):
    events = st.tuples(deltas, st.one_of(*kinds))
    return st.lists(st.lists(events, max_size=12), min_size=1, max_size=4)


tracks = songs(spoken, metas, strange)


def written(path, tracks, ticks):
    """The file as another program writes it, with running status."""
    file = mido.MidiFile(type=1, ticks_per_beat=ticks)
    for events in tracks:
        file.tracks.append(mido.MidiTrack(message.copy(time=delta) for delta, message in events))
    file.save(path)
    return path.read_bytes()


def placed(tracks):
    """(tick, message) of all tracks in order of time."""
    for events in tracks:
        ticks = accumulate(delta for delta, _ in events)
        yield from zip(ticks, (message for _, message in events), strict=True)


FEW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(tracks=tracks, ticks=st.integers(1, 0x7FFF))
@example(tracks=[[(0, mido.Message("note_on", note=1))]], ticks=1)
def test_every_message_has_the_time_that_the_tempo_map_gives_it(path, read, tracks, ticks):
    written(path, tracks, ticks)
    events = sorted(placed(tracks), key=lambda event: event[0])
    tempos = [(tick, message.tempo) for tick, message in events if message.type == "set_tempo"]
    kinds = ("note_on", "note_off", "control_change", "pitchwheel", "program_change")
    wanted = [(seconds_at(tick, tempos, ticks), message) for tick, message in events if message.type in kinds]
    length = seconds_at(max((tick for tick, _ in events), default=0), tempos, ticks)
    if length > 4 * 3600:
        with pytest.raises(PerformanceError, match="longer than 4 hours"):
            list(read_messages(path))
        return
    *found, (end_ns, end) = read_messages(path)
    assert end is ITS_END
    assert abs(end_ns - length * 10**9) <= Fraction(1, 2)
    assert len(found) == len(wanted)
    for (at_ns, message), (at, original) in zip(found, wanted, strict=True):
        assert abs(at_ns - at * 10**9) <= Fraction(1, 2)
        for name, value in original.dict().items():
            assert name == "time" or getattr(message, name) == value


@FEW
@given(tracks=songs(spoken, metas))
def test_it_hears_what_mido_hears(path, tracks):
    written(path, tracks, 480)
    heard, seconds = [], 0.0
    for message in mido.MidiFile(path):
        seconds += message.time
        if message.type in ("note_on", "note_off", "control_change", "pitchwheel", "program_change"):
            heard.append((pytest.approx(seconds * 1e9, abs=10.0), message.type, message.channel))
    found = [(at_ns, message.type, message.channel) for at_ns, message in read_messages(path)]
    assert found[:-1] == heard


def read_or_refuse(path):
    """Messages in order of time, or why there are none."""
    refused = ""
    try:
        messages = list(read_messages(path))
    except PerformanceError as error:
        refused = str(error)
    if refused:
        assert refused.startswith(f"{path}: ")
        assert len(refused) < len(str(path)) + 200
        return
    times = [at_ns for at_ns, _ in messages]
    assert times == sorted(times)
    assert messages[-1][1] is ITS_END
    for _, message in messages:
        assert all(0 <= value <= 127 for value in (message.note, message.velocity, message.value))


@FEW
@given(data=st.binary(max_size=400), begin=st.sampled_from((b"", head(), head(tracks=3), head(kind=2))))
def test_any_bytes_end_in_messages_or_in_a_reason(path, data, begin):
    path.write_bytes(begin + data)
    read_or_refuse(path)


@FEW
@given(body=st.binary(max_size=200), ticks=st.integers(1, 0x7FFF))
def test_any_track_ends_in_messages_or_in_a_reason(path, body, ticks):
    path.write_bytes(song(body, NOTE, ticks=ticks))
    read_or_refuse(path)


@FEW
@given(
    tracks=tracks,
    cut=st.floats(0.0, 1.0),
    changes=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 255)), max_size=4),
    more=st.binary(max_size=8),
)
def test_any_damage_ends_in_messages_or_in_a_reason(path, tracks, cut, changes, more):
    data = bytearray(written(path, tracks, 480))
    for at, value in changes:
        data[int(at * (len(data) - 1))] = value
    del data[int(cut * len(data)) :]
    path.write_bytes(bytes(data) + more)
    read_or_refuse(path)


@FEW
@given(tracks=tracks, cut=st.floats(0.0, 1.0, exclude_max=True))
def test_whatever_is_cut_off_is_missed(path, tracks, cut):
    data = written(path, tracks, 480)
    path.write_bytes(data[: int(cut * len(data))])
    with pytest.raises(PerformanceError):
        list(read_messages(path))
