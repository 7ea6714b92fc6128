import mido
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.control.midi_file import load_midi
from ddsp_pi.errors import PerformanceError
from ddsp_pi.frame import SAMPLE_RATE, Edge, Note
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import NullBoard
from tests.midi_bytes import seconds_at
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


REST = mido.MetaMessage("marker", text="")


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


def test_each_note_begins_on_the_sample_of_its_tick(path):
    tempos = [(0, 618_557), (7 * BEAT, 401_003), (11 * BEAT + 7, 1_234_567)]
    starts = [round(step * 3.37 * BEAT) for step in range(1, 6)]
    conductor = [(tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in tempos]
    keys = [
        (tick + wait, m(kind, note=60))
        for tick in starts
        for wait, kind in ((0, "note_on"), (200, "note_off"))
    ]
    performance = load(write(path, after_each_other(conductor), after_each_other(keys)))
    app = build(msgspec.structs.replace(CONFIG, params={"attack": 0.001, "release": 0.005}), performance)
    sound = play(app.engine, 15.0)
    begins = 1 + np.flatnonzero((sound[1:] != 0.0) & (sound[:-1] == 0.0))
    wanted = [float(seconds_at(tick, tempos, BEAT)) * SAMPLE_RATE for tick in starts]
    np.testing.assert_allclose(begins, wanted, atol=1.0)


@pytest.mark.parametrize("note", [0, 127])
def test_notes_beyond_any_instrument_are_sane_sound(path, note):
    performance = load(write(path, [(0, m("note_on", note=note)), (BEAT, m("note_off", note=note))]))
    sound = play(build(CONFIG, performance).engine, 1.0)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1.0


def after_each_other(events):
    """Events at ticks from the start, as the file wants them: at ticks from the one before."""
    befores = [0, *(tick for tick, _ in events)]
    return [(tick - before, message) for (tick, message), before in zip(events, befores, strict=False)]


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


def test_a_file_without_a_note_is_refused(path):
    write(path, [(0, m("control_change", control=7, value=1))])
    with pytest.raises(PerformanceError, match=r"song\.mid: there is no note in it"):
        load(path)


def test_what_hangs_ends_with_its_song_and_songs_follow_each_other(path):
    first = [(0, m("note_on", note=60)), (0, m("control_change", control=64, value=127)), (BEAT, REST)]
    second = [(BEAT, m("note_on", note=62)), (0, m("note_off", note=62)), (BEAT, REST)]
    song = load(write(path, first, second, kind=2)).song
    half = 500_000_000
    assert [(n.note, n.velocity > 0, n.at_ns) for n in song.notes] == [
        (60, True, 0),
        (60, False, half),
        (62, True, 2 * half),
        (62, False, 2 * half),
    ]
    assert song.length_ns == 3 * half


ON, OFF, SOFT = m("note_on", note=60), m("note_off", note=60), m("note_on", note=60, velocity=1)
STRUCK_AGAIN = {
    "in one track": ([(0, ON), (BEAT, OFF), (0, SOFT), (BEAT, OFF)],),
    "the wrong way round": ([(0, ON), (BEAT, SOFT), (0, OFF), (BEAT, OFF)],),
    "by another track": ([(BEAT, SOFT), (BEAT, OFF)], [(0, ON), (BEAT, OFF)]),
}


@pytest.mark.parametrize("case", STRUCK_AGAIN)
def test_a_key_that_is_struck_as_it_goes_up_sounds_again(path, case):
    song = load(write(path, *STRUCK_AGAIN[case])).song
    half = 500_000_000
    assert [(round(n.velocity * 127), n.at_ns) for n in song.notes] == [
        (64, 0),
        (0, half),
        (1, half),
        (0, 2 * half),
    ]


ENDLESS = {
    "twice in an instant": [(0, ON), (0, SOFT), (0, OFF)],
    "never ended": [(0, ON)],
    "ended only": [(0, OFF), (0, ON), (0, OFF), (0, OFF)],
    "overlapping": [(0, ON), (1, SOFT), (1, OFF), (1, OFF)],
    "no time at all": [(BEAT, ON), (0, OFF)],
}


@pytest.mark.parametrize("case", ENDLESS)
def test_every_note_ends_whatever_is_missing(path, case):
    song = load(write(path, ENDLESS[case])).song
    assert [note.velocity > 0 for note in song.notes][-1] is False
    assert held(song.notes) == set()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=st.lists(st.tuples(st.integers(0, 2), st.sampled_from((ON, OFF, SOFT))), max_size=30))
def test_no_note_of_any_file_hangs(path, played):
    song = load(write(path, [(0, ON), *played])).song
    assert held(song.notes) == set()
    assert [note.at_ns for note in song.notes] == sorted(note.at_ns for note in song.notes)


def held(notes):
    """Notes that have begun and not ended."""
    down = set()
    for note in notes:
        (down.add if note.velocity else down.discard)(note.note)
    return down


def test_a_file_needs_no_library(path, monkeypatch):
    write(path, [(0, m("note_on", note=60))])
    monkeypatch.setitem(__import__("sys").modules, "mido", None)
    assert load(path).song.notes
