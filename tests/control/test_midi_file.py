import mido
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.control.midi_file import load_midi
from ddsp_pi.errors import MissingExtraError, PerformanceError
from ddsp_pi.frame import SAMPLE_RATE, Edge, Note
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import NullBoard
from tests.playing import Script, pitch_of, play

CONFIG = load_config()
BEAT = 480


def write(path, *tracks, kind=1, ticks=BEAT):
    """A file of tracks; each event is a delta in ticks and a message."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for events in tracks:
        file.tracks.append(mido.MidiTrack(message.copy(time=delta) for delta, message in events))
    file.save(path)
    return path


def m(kind, **values):
    return mido.Message(kind, **values)


def tempo(beats_per_minute):
    return mido.MetaMessage("set_tempo", tempo=round(60e6 / beats_per_minute))


def load(path, cables=None, **changes):
    midi = msgspec.structs.replace(CONFIG.midi, **changes)
    return load_midi(path, midi, ParamSet(PARAMS), cables or NullBoard())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "song.mid"


def test_notes_have_the_times_of_their_ticks_in_every_tempo(path):
    write(
        path,
        [(0, tempo(120)), (BEAT, tempo(60))],
        [(0, m("note_on", note=60, velocity=127)), (2 * BEAT, m("note_off", note=60))],
        [(BEAT // 2, m("note_on", note=64, velocity=0)), (0, m("note_on", note=64, velocity=64))],
    )
    performance = load(path)
    assert performance.events(1) == [Note(60.0, 1.0, 0)]
    assert performance.events(1_500_000_000) == [Note(64.0, 64 / 127, 250_000_000)]
    assert performance.events(9_000_000_000) == [
        Note(60.0, 0.0, 1_500_000_000),
        Note(64.0, 0.0, 1_500_000_000),
    ]
    assert performance.events(9_000_000_000) == []
    assert performance.length_ns == 1_500_000_000


def test_parameters_are_turned_in_the_hop_they_fall_into(path):
    write(
        path,
        [
            (0, m("control_change", control=74, value=127)),
            (0, m("note_on", note=60)),
            (BEAT, m("pitchwheel", pitch=8191)),
            (BEAT, m("program_change", program=2)),
        ],
    )
    performance, turned = load(path), []
    performance.turn_with(lambda *turn: turned.append(turn))
    assert np.isnan(performance.volts(1)).all()
    assert turned == [("brightness", 6.0)]
    performance.volts(500_000_000)
    assert len(turned) == 1
    performance.volts(500_000_001)
    assert turned[1:] == [("tune", 2.0)]
    assert performance.song.programs == (2,)
    # Whoever ends with the wheel bent leaves it straight.
    performance.volts(2_000_000_000)
    assert turned[2:] == [("tune", 0.0)]


def test_cables_play_beside_the_keys(path):
    write(path, [(0, m("note_on", note=60)), (BEAT, m("note_off", note=60))])
    cables = Script([Edge(1, True, 5)])
    performance = load(path, cables)
    assert performance.events(10) == [Edge(1, True, 5), Note(60.0, 64 / 127, 0)]
    assert np.isnan(performance.volts(7)).all()
    assert cables.at_ns == 7


def test_one_channel_of_a_song_can_be_played(path):
    write(path, [(0, m("note_on", note=40, channel=9)), (0, m("note_on", note=60, channel=1))])
    assert [note.note for note in load(path, channel=2).song.notes] == [60.0, 60.0]
    with pytest.raises(PerformanceError, match=r"no note on channel 5 \(midi\.channel\)"):
        load(path, channel=5)


def test_the_pitches_of_a_file_are_heard(path):
    notes = (57, 69, 64)
    track = [(0, tempo(60))]
    for note in notes:
        track += [(0, m("note_on", note=note, velocity=110)), (BEAT, m("note_off", note=note))]
    performance = load(write(path, track))
    app = build(CONFIG, performance)
    performance.turn_with(app.set_param)
    sound = play(app.engine, 3.0)
    for second, note in enumerate(notes):
        middle = sound[round((second + 0.4) * SAMPLE_RATE) : round((second + 0.9) * SAMPLE_RATE)]
        near_hz = 440.0 * 2.0 ** ((note - 69) / 12)
        assert 1200.0 * abs(np.log2(pitch_of(middle, near_hz) / near_hz)) < 3.0


class Patched:
    """A cable in jack 1, and a gate."""

    def __init__(self, volts, *events):
        self._volts, self._script = volts, Script(events)

    def volts(self, at_ns):
        return (self._volts, *NullBoard().volts(at_ns)[1:])

    def events(self, until_ns):
        return self._script.events(until_ns)


def test_the_same_note_sounds_the_same_by_midi_by_osc_and_by_cables(path):
    track = [
        (0, tempo(60)),
        (BEAT // 4, m("note_on", note=69, velocity=127)),
        (BEAT // 2, m("note_off", note=69)),
    ]
    begin_ns, end_ns = 250_000_000, 750_000_000
    osc = Script([Note(69.0, 1.0, begin_ns), Note(69.0, 0.0, end_ns)])
    cables = Patched(0.75, Edge(1, True, begin_ns), Edge(1, False, end_ns))
    # The wave goes on unheard between notes, at the pitch of the cable: at this one, for all three.
    config = msgspec.structs.replace(CONFIG, params={"note": 69.0})
    by_midi, by_osc, by_cables = (
        play(build(config, board).engine, 1.5) for board in (load(write(path, track)), osc, cables)
    )
    assert np.abs(by_midi).max() > 0.01
    np.testing.assert_array_equal(by_midi, by_osc)
    np.testing.assert_array_equal(by_midi, by_cables)


def test_a_bent_note_of_a_file_is_heard_bent(path):
    track = [(0, tempo(60)), (0, m("note_on", note=69, velocity=110)), (BEAT, m("pitchwheel", pitch=-8192))]
    performance = load(write(path, [*track, (BEAT, m("note_off", note=69))]))
    app = build(CONFIG, performance)
    performance.turn_with(app.set_param)
    sound = play(app.engine, 2.0)
    for begin_s, note in ((0.4, 69), (1.4, 67)):
        part = sound[round(begin_s * SAMPLE_RATE) : round((begin_s + 0.5) * SAMPLE_RATE)]
        near_hz = 440.0 * 2.0 ** ((note - 69) / 12)
        assert 1200.0 * abs(np.log2(pitch_of(part, near_hz) / near_hz)) < 3.0


BAD = {
    "missing": (None, "no such file"),
    "empty": (b"", "not a MIDI file"),
    "no MIDI": (b"RIFF" * 30, "not a MIDI file"),
    "cut in its head": (b"MThd\0\0\0\6\0\1", "not a MIDI file"),
    "film frames": (b"MThd\0\0\0\6\0\0\0\1\xe7\x28MTrk\0\0\0\4\0\xff\x2f\0", "film frames"),
    "no ticks": (b"MThd\0\0\0\6\0\0\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0", "film frames"),
    "no note": (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "there is no note in it"),
    "days long": (
        b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x0b\0\x90\x3c\x40\xff\xff\xff\x7f\xff\x2f\0",
        "longer than 4 hours",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_played_is_named_with_the_reason(path, case):
    data, reason = BAD[case]
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(PerformanceError, match=reason) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_songs_one_after_another_in_a_file_are_refused(path):
    write(path, [(0, m("note_on", note=60))], [(0, m("note_on", note=62))], kind=2)
    with pytest.raises(PerformanceError, match="not a MIDI file that can be played"):
        load(path)


def test_a_folder_is_no_song(tmp_path):
    with pytest.raises(PerformanceError, match="not a MIDI file"):
        load(tmp_path)


def test_without_the_library_it_is_said_what_brings_it(path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mido", None)
    with pytest.raises(MissingExtraError, match=r"ddsp-pi\[midi\]"):
        load(path)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("song") / "song.mid"
    write(
        path,
        [
            (0, tempo(90)),
            (0, mido.MetaMessage("key_signature", key="D")),
            (0, mido.MetaMessage("text", text="a")),
        ],
        [(0, m("note_on", note=60)), (BEAT, m("pitchwheel", pitch=5)), (BEAT, m("note_off", note=60))],
    )
    return path.read_bytes()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_end_in_a_performance_or_in_a_clear_error(path, good, data):
    damaged = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(good)), st.integers(0, 255)), max_size=4)
    ):
        damaged[at : at + 1] = bytes([value])
    path.write_bytes(damaged)
    try:
        notes = load(path).song.notes
    except PerformanceError as error:
        reason = str(error)
        notes = ()
    assert any(note.velocity > 0 for note in notes) or reason.startswith(str(path))
