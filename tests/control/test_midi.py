import math
from collections import Counter

import mido
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.config import load_config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.midi import MidiActs, MidiPlayer
from ddsp_pi.control.midi_map import check_controllers
from ddsp_pi.errors import ConfigError, ParamError
from ddsp_pi.link.edits import Panic
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.sections import MIDI_RESERVED
from tests.midi_streams import bend, cc, messages, off, on, program

USUAL = load_config().midi
SPECS = ParamSet(PARAMS)


class Stage:
    """A player, and all that it does."""

    def __init__(self, **settings):
        self.done, self.params = [], ParamSet(PARAMS)
        acts = MidiActs(
            play=lambda note, velocity: self.done.append((note, round(velocity * 127))),
            set=self._set,
            value=lambda name: self.params.values[name],
            select=lambda number: self.done.append(("select", number)),
            panic=lambda: self.done.append("panic"),
            say=lambda text: self.done.append(text),
        )
        self.player = MidiPlayer(acts, msgspec.structs.replace(USUAL, **settings), ParamSet(PARAMS))

    def _set(self, name, value):
        self.params.set(name, value)
        self.done.append((name, round(value, 3)))

    def take(self, *messages):
        self.done.clear()
        for message in messages:
            self.player.take(message)
        return list(self.done)


TWICE = [(60, 100)] * 2
PEDAL, UP = cc(64, 127), cc(64, 0)
TABLE = {
    "a key": ([on(60), off(60)], [(60, 100), (60, 0)]),
    "a key that ends with velocity 0": ([on(60), on(60, 0)], [(60, 100), (60, 0)]),
    "a key that was never down": ([off(60)], []),
    "a key twice": ([on(60), on(60, 50), off(60)], [(60, 100), (60, 50), (60, 0)]),
    "the pedal holds": ([PEDAL, on(60), off(60)], [(60, 100)]),
    "the pedal lets go": ([PEDAL, on(60), on(64), off(60), UP], [(60, 100), (64, 100), (60, 0)]),
    "the pedal comes after the key": ([on(60), PEDAL, off(60), UP], [(60, 100), (60, 0)]),
    "a half pedal": ([cc(64, 63), on(60), off(60)], [(60, 100), (60, 0)]),
    "a kept key played again": ([PEDAL, on(60), off(60), on(60), UP, off(60)], [*TWICE, (60, 0)]),
    "the pedal of another channel": ([cc(64, 127, 1), on(60), off(60)], [(60, 100), (60, 0)]),
    "one note on two channels": (
        [on(60), on(60, channel=1), off(60), off(60, 1)],
        [*TWICE, (60, 0)],
    ),
    "all notes off": ([on(60), on(64), cc(123, 0)], [(60, 100), (64, 100), (60, 0), (64, 0)]),
    "all notes off is of one channel": ([on(60), cc(123, 0, 1)], [(60, 100)]),
    "all notes off under the pedal": ([PEDAL, on(60), cc(123, 0), UP], [(60, 100), (60, 0)]),
    "mono mode ends notes too": ([on(60), cc(126, 1)], [(60, 100), (60, 0)]),
    "all sound off": ([PEDAL, on(60), off(60), cc(120, 0)], [(60, 100), (60, 0), "panic"]),
    "system reset": ([on(60), mido.Message("reset")], [(60, 100), (60, 0), "panic"]),
    "reset all controllers": (
        [PEDAL, on(60), off(60), bend(8191), cc(121, 0)],
        [(60, 100), ("tune", 2), (60, 0), ("tune", 0), ("vibrato_depth", 0)],
    ),
    "the wheel up": ([bend(8191)], [("tune", 2)]),
    "the wheel down": ([bend(-8192)], [("tune", -2)]),
    "the wheel at rest": ([bend(0)], []),
    "the wheel and back": ([bend(4096), bend(0)], [("tune", 1), ("tune", 0)]),
    "a wider wheel": (
        [cc(101, 0), cc(100, 0), cc(6, 12), cc(101, 127), cc(100, 127), cc(6, 1), bend(-8192)],
        [("tune", -12)],
    ),
    "data of another kind": (
        [cc(101, 0), cc(100, 1), cc(6, 12), cc(99, 0), cc(6, 7), bend(8191)],
        [("tune", 2)],
    ),
    "the modulation wheel": ([cc(1, 127)], [("vibrato_depth", 100)]),
    "volume": ([cc(7, 0), cc(7, 127)], [("loudness", -80), ("loudness", 0)]),
    "expression": ([cc(11, 40), cc(11, 127)], [("loudness", -40.07), ("loudness", -20)]),
    "no expression at all": ([cc(11, 0)], [("loudness", -80)]),
    "expression below a volume": ([cc(11, 40), cc(7, 127)], [("loudness", -40.07), ("loudness", -20.07)]),
    "a knob in the middle of decades": ([cc(72, 127), cc(72, 0)], [("release", 10), ("release", 0.005)]),
    "a program": ([program(3)], [("select", 3)]),
    "what nobody needs": (
        [cc(0, 1), cc(20, 64), mido.Message("clock"), mido.Message("aftertouch"), mido.Message("sysex")],
        [],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_messages_do(case):
    messages, done = TABLE[case]
    assert Stage().take(*messages) == done


@pytest.mark.parametrize("velocity", [1, 64, 127])
def test_velocity_is_that_of_osc(velocity):
    played = []
    acts = MidiActs(lambda *note: played.append(note), *[lambda *_: 0.0] * 5)
    MidiPlayer(acts, USUAL, ParamSet(PARAMS)).take(on(61, velocity))
    assert played == [(61.0, velocity / 127)]


def test_a_knob_is_where_a_position_of_osc_is():
    stage = Stage()
    for control, name in ((1, "vibrato_depth"), (74, "brightness"), (76, "vibrato_rate"), (7, "loudness")):
        for value in range(128):
            stage.take(cc(control, value))
            assert stage.params.values[name] == SPECS.spec(name).from_norm(value / 127)


def test_only_the_channel_that_is_set_is_heard():
    stage = Stage(channel=3)
    assert stage.take(on(60, channel=0), on(61, channel=2), on(62, channel=3)) == [(61, 100)]


def test_programs_can_be_passed_over():
    assert Stage(programs=False).take(program(3)) == []


def test_the_wheel_adds_to_what_others_have_tuned():
    stage = Stage(bend_range=12)
    stage.params.set("tune", 5.0)
    assert stage.take(bend(8191)) == [("tune", 17)]
    stage.params.set("tune", -7.0)
    assert stage.take(bend(-8192), bend(0)) == [("tune", -19), ("tune", -7)]


def test_a_bend_beyond_the_range_of_tune_comes_back_to_where_it_was():
    stage = Stage(bend_range=24)
    stage.params.set("tune", 12.0)
    assert stage.take(bend(8191), bend(8000), bend(0))[-1] == ("tune", 12)


def test_expression_lowers_what_others_have_set():
    stage = Stage()
    stage.take(cc(11, 64))
    stage.params.set("loudness", -10.0)
    (lower,) = stage.take(cc(11, 63))
    assert lower == ("loudness", pytest.approx(-10.0 + 40.0 * math.log10(63 / 127), abs=0.001))
    assert stage.take(cc(11, 127)) == [("loudness", -10)]


def test_parameters_that_the_mode_does_not_have_are_left_alone():
    few = [spec for spec in PARAMS if spec.name == "noise"]
    done = []
    acts = MidiActs(*[lambda *what: done.append(what)] * 6)
    player = MidiPlayer(acts, USUAL, ParamSet(few))
    for message in (bend(100), cc(11, 5), cc(7, 5), cc(1, 5), cc(121, 0), cc(71, 127)):
        player.take(message)
    assert done == [("noise", 2.0)]


def test_letting_go_ends_all_that_is_held_and_straightens_the_wheel():
    stage = Stage()
    stage.take(PEDAL, on(60), off(60), on(64, channel=5), bend(8191))
    stage.done.clear()
    stage.player.let_go()
    assert sorted(stage.done, key=str) == [("tune", 0), (60, 0), (64, 0)]
    assert stage.take(on(60), off(60)) == [(60, 100), (60, 0)]


def test_the_controller_that_is_moved_is_learned():
    stage = Stage()
    stage.player.map.learn("brightness")
    assert stage.player.map.learning == "brightness"
    # A keyboard that tells where its knobs stand is no one who turns them.
    stage.take(cc(21, 5), cc(22, 99), PEDAL, UP)
    assert stage.player.map.learning == "brightness"
    assert stage.take(cc(22, 127)) == ["MIDI: controller 22 turns brightness now", ("brightness", 6)]
    assert stage.player.map.learning is None
    assert stage.player.map.learned == {"brightness": 22}
    assert stage.take(cc(74, 0)) == []


def test_a_learned_controller_turns_that_parameter_only():
    stage = Stage()
    for name in ("noise", "decay"):
        stage.player.map.learn(name)
        stage.take(cc(74, 0), cc(74, 1))
    assert stage.player.map.learned == {"decay": 74}
    assert stage.take(cc(74, 127)) == [("decay", 10)]
    assert stage.take(cc(71, 127)) == [("noise", 2)]


def test_expression_can_be_learned_and_the_pedal_cannot():
    stage = Stage()
    stage.player.map.learn("morph")
    stage.take(PEDAL, UP, cc(11, 0), cc(11, 127))
    assert stage.player.map.learned == {"morph": 11}
    assert stage.take(cc(11, 0)) == [("morph", 0)]


def test_learning_can_be_called_off_and_wants_a_parameter():
    stage = Stage()
    stage.player.map.learn("noise")
    stage.player.map.learn(None)
    stage.take(cc(30, 0), cc(30, 1))
    assert stage.player.map.learned == {}
    with pytest.raises(ParamError, match="wobble"):
        stage.player.map.learn("wobble")


def test_what_a_preset_kept_is_used_and_what_cannot_be_is_named():
    stage = Stage()
    stage.player.map.learn("noise")
    stage.take(cc(30, 0), cc(30, 1))
    left_out = stage.player.map.use({"morph": 31, "wobble": 32, "tune": 64, "glide": 200})
    assert left_out == ["wobble", "tune", "glide"]
    assert stage.player.map.learned == {"morph": 31}
    assert stage.take(cc(30, 5), cc(31, 127)) == [("morph", 1)]
    stage.player.map.use({})
    assert stage.take(cc(31, 0), cc(70, 127)) == [("morph", 1)]


def test_a_controller_with_a_meaning_of_its_own_is_refused_with_its_place(tmp_path):
    file = tmp_path / "midi.yaml"
    file.write_text("midi:\n  controllers:\n    noise: 64\n")
    with pytest.raises(ConfigError, match=r"controller 64 cannot turn noise.*at \$\.midi, line 1"):
        load_config(file)


def test_a_controller_of_no_parameter_is_refused():
    names = [spec.name for spec in PARAMS]
    check_controllers(USUAL.controllers, names)
    with pytest.raises(ConfigError, match="'brightnes'; did you mean 'brightness'"):
        check_controllers({"noise": 71, "brightnes": 74}, names)
    with pytest.raises(ConfigError, match="'wobble'; there are: note"):
        check_controllers({"wobble": None}, names)


class Pads:
    """A hub's edits after one beat with a player on it."""

    def __init__(self):
        self.sent = []
        self.hub = Hub(ParamSet(PARAMS), self.sent.append)
        acts = MidiActs(
            self.hub.play, self.hub.set, lambda name: 0.0, pytest.fail, self.hub.panic, pytest.fail
        )
        self.player = MidiPlayer(acts, USUAL, ParamSet(PARAMS))

    def beat(self, *messages):
        self.sent.clear()
        for message in messages:
            self.player.take(message)
        self.hub.beat()
        return list(self.sent)


def test_a_note_reaches_the_engine_as_one_by_osc_does():
    pads = Pads()
    (by_midi,) = pads.beat(on(61, 127))
    pads.sent.clear()
    pads.hub.play(61.0, 1.0)
    pads.hub.beat()
    assert [msgspec.structs.replace(note, at_ns=0) for note in pads.sent] == [
        msgspec.structs.replace(by_midi, at_ns=0)
    ]


def test_a_note_that_waits_to_be_sent_does_not_outlive_all_sound_off():
    pads = Pads()
    sent = pads.beat(on(61), cc(120, 0)) + pads.beat()
    assert isinstance(sent[0], Panic)
    assert [note.velocity > 0 for note in sent[1:]] == [True, False]
    assert not pads.hub.sounding


def sounding(done):
    """Notes that have begun and not ended, as the engine would hear it: a key is its note."""
    held = set()
    for what in done:
        if isinstance(what, tuple) and isinstance(what[0], float):
            (held.add if what[1] else held.discard)(what[0])
    return held


@settings(max_examples=100, deadline=None)
@given(st.lists(messages, max_size=60))
def test_who_leaves_leaves_nothing_behind(played):
    stage = Stage()
    heard = stage.take(*played)
    stage.done.clear()
    stage.player.let_go()
    assert sounding(heard + stage.done) == set()
    assert stage.params.values["tune"] == 0.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([p.name for p in PARAMS]), st.integers(0, 127)), max_size=30))
def test_a_learned_controller_never_turns_two_parameters(learned):
    stage = Stage()
    for name, control in learned:
        stage.player.map.learn(name)
        stage.take(cc(control, 0), cc(control, 1))
    kept = stage.player.map.learned
    assert max(Counter(kept.values()).values(), default=0) <= 1
    assert not MIDI_RESERVED & set(kept.values())
    for name, control in kept.items():
        assert [spec.name for spec in stage.player.map.turned(control)] == [name]
