"""From one mode to another while it sounds."""

import gc
import threading
import weakref

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.engine.parts import FADE_SAMPLES, Part
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, Edge, Note
from ddsp_pi.modes.base import SilentMode
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder
from tests.playing import PURE, engine, gate, ns, play, static

CHANGE = 192 * HOP
AFTER = FADE_SAMPLES + 2 * HOP
HELD = (Note(60, 1.0, 0), Note(67, 0.7, 0))


def cv(spectrum=PURE, **params):
    mode = CvMode(static(spectrum, n_harmonics=3, voices=2))
    for name, value in {"sustain": 1.0, "loudness": -30.0, **params}.items():
        mode.params.set(name, value)
    return mode


def part(mode):
    return Part(mode, lambda volts: None)


def changed(first, then, events=(), block=HOP, notes=HELD, change_at=CHANGE):
    """0.8 s with a change at `change_at`; a block goes on from the next one."""
    player = engine(first, (e for e in events if isinstance(e, Edge)), notes)
    before = play(player, change_at / SAMPLE_RATE, block)
    player.parts.change(part(then))
    return np.concatenate([before, play(player, 0.8 - change_at / SAMPLE_RATE, block)])


def roughest(audio):
    around = audio[CHANGE - 4800 : CHANGE + 9600].astype(np.float64)
    return float(np.abs(np.diff(around, 2)).max())


def steady(mode):
    return play(engine(mode, notes=HELD), 0.8)


@pytest.mark.parametrize("block", [HOP, 96])
def test_to_another_mode_does_not_click(block):
    audio = changed(cv(), cv(tune=5.0), block=block)
    assert roughest(audio) < 1.1 * max(roughest(steady(cv())), roughest(steady(cv(tune=5.0))))


def test_to_silence_and_back_does_not_click():
    plain = roughest(steady(cv()))
    assert roughest(changed(cv(), SilentMode())) < 1.02 * plain
    begins = tuple(Note(note.note, note.velocity, ns(CHANGE / SAMPLE_RATE)) for note in HELD)
    assert roughest(changed(SilentMode(), cv())) < 1.1 * roughest(play(engine(cv(), notes=begins), 0.8))
    cut = steady(cv())
    cut[CHANGE:] = 0.0
    assert roughest(cut) > 2.0 * plain, "a click must be seen"


def test_the_fade_keeps_the_level():
    audio = changed(cv(), cv(tune=5.0))
    level = [np.sqrt(np.mean(audio[at : at + 1200] ** 2)) for at in range(CHANGE - 2400, CHANGE + 4800, 600)]
    assert max(level) / min(level) < 1.6


@pytest.mark.parametrize("offset", [0, 1, 64, 127])
def test_it_begins_with_a_hop(offset):
    silenced = changed(cv(), SilentMode(), block=1, change_at=CHANGE + offset)
    begin = CHANGE if offset == 0 else CHANGE + HOP
    whole = steady(cv())
    np.testing.assert_allclose(silenced[:begin], whole[:begin], atol=1e-7)
    assert np.abs(silenced[begin + AFTER + 4800 :]).max() < 1e-6


def test_what_is_held_goes_on_in_the_mode_that_arrives():
    audio, wanted = changed(cv(), cv()), steady(cv())
    levels = [np.sqrt(np.mean(a[-9600:] ** 2)) for a in (audio, wanted)]
    assert levels[0] == pytest.approx(levels[1], rel=0.05)


def test_what_has_been_released_does_not_come_back():
    notes = (*HELD, *(Note(note.note, 0.0, ns(0.2)) for note in HELD))
    edges = gate(0.0, 0.1)
    audio = changed(cv(release=0.02), cv(release=0.02), edges, notes=notes)
    assert np.abs(audio[CHANGE:]).max() < 1e-5


class Listener(SilentMode):
    """Keeps what it heard."""

    def __init__(self):
        super().__init__()
        self.heard, self.limits = [], []

    def render(self, frame, audio_in, out):
        self.heard += [(event, frame.position) for event in frame.events]
        out[:] = 0.0

    def shed(self, partials, voices):
        self.limits.append((partials, voices))

    def release(self):
        self.heard.append("release")


def test_both_hear_gates_and_keys_during_the_fade_and_only_the_new_one_after_it():
    leaving, arriving = Listener(), Listener()
    during, after = ns((CHANGE + 700) / SAMPLE_RATE), ns((CHANGE + AFTER) / SAMPLE_RATE)
    edges = [Edge(1, True, 0), Edge(2, True, 0), Edge(2, False, ns(0.1)), Edge(3, True, during)]
    notes = [Note(60, 1.0, 1), Note(62, 1.0, during), Note(64, 1.0, after)]
    changed(leaving, arriving, edges, notes=notes)
    said = [(event, at) for event, at in arriving.heard]
    assert [event for event, _ in said[:2]] == [
        Edge(1, True, 0, standing=True),
        Note(60, 1.0, 1, standing=True),
    ], "what is held comes first"
    assert [at for _, at in said[:2]] == [0, 0]
    both = [(edges[3], 700 % HOP), (notes[1], 700 % HOP)]
    assert said[2:4] == leaving.heard[-2:] == both
    assert [event for event, _ in said[4:]] == [notes[2]]


def test_release_reaches_both_and_nothing_comes_back_after_it():
    leaving, arriving, last = Listener(), Listener(), Listener()
    player = engine(leaving, gate(0.0))
    play(player, 0.01)
    player.parts.change(part(arriving))
    play(player, 0.01)
    player.release()
    assert leaving.heard[-1] == arriving.heard[-1] == "release"
    play(player, 0.1)
    player.parts.change(part(last))
    play(player, 0.1)
    assert last.heard == []


def test_release_takes_back_what_is_still_to_come():
    mode = Listener()
    player = engine(mode, notes=[Note(60, 1.0, ns(0.002)), Note(64, 1.0, ns(0.02))])
    player._controls.events = lambda until_ns, said=player._controls.events: said(10**9)
    play(player, HOP / SAMPLE_RATE)
    player.release()
    play(player, 0.1)
    assert [event[0].note for event in mode.heard if event != "release"] == [60]


def test_a_mode_that_arrives_does_with_as_much_as_there_is_time_for():
    first, then = Listener(), Listener()
    player = engine(first)
    player.parts.shed(30, 2)
    player.parts.change(part(then))
    play(player, 0.01)
    assert then.limits == [(30, 2)]
    player.parts.shed(16, 1)
    assert first.limits[-1] == then.limits[-1] == (16, 1)


def test_the_last_of_several_changes_wins():
    first, second, third = (Listener() for _ in range(3))
    player = engine(first)
    for mode in (second, third):
        player.parts.change(part(mode))
        play(player, 0.005)
    play(player, 0.2)
    assert player.parts.mode is third


def test_a_reset_ends_the_fade():
    player = engine(cv(), notes=HELD)
    play(player, 0.1)
    player.parts.change(part(SilentMode()))
    play(player, 0.01)
    player.parts.reset()
    out = np.ones(HOP, np.float32)
    player.parts.render(ControlFrame(), np.zeros(HOP, np.float32), out)
    assert not out.any()


def test_the_render_thread_frees_no_mode():
    freed = []

    def make():
        mode = cv()
        weakref.finalize(mode, lambda: freed.append(threading.current_thread()))
        return mode

    player = engine(make(), notes=HELD)
    for _ in range(4):
        change = threading.Thread(target=lambda: player.parts.change(part(make())))
        change.start()
        change.join()
        play(player, 0.1)
        assert threading.current_thread() not in freed
    gc.collect()
    assert len(freed) >= 2


class TestApp:
    """The same by name."""

    def player(self, **settings):
        config = msgspec.structs.replace(load_config(), params={"loudness": -26.0, "tune": 2.0}, **settings)
        phrase = configs_folder() / "performances" / "violin-phrase.csv"
        return build(config, SimBoard(load_performance(phrase), loop=True))

    def test_a_mode_begins_with_parameters_as_configured(self):
        app = self.player(voices=2)
        app.set_param("tune", -7.0)
        before = app.engine.parts.mode
        play(app.engine, 0.5)
        app.change_mode("cv")
        play(app.engine, 0.2)
        assert app.engine.parts.mode is not before
        assert app.params["tune"] == 2.0

    def test_the_same_mode_again_sounds_the_same_in_the_end(self):
        app, plain = self.player(), self.player()
        play(app.engine, 0.512)
        app.change_mode("cv")
        audio, wanted = play(app.engine, 3.0)[-SAMPLE_RATE:], play(plain.engine, 3.512)[-SAMPLE_RATE:]
        levels = [20.0 * np.log10(np.sqrt(np.mean(a**2))) for a in (audio, wanted)]
        assert levels[0] == pytest.approx(levels[1], abs=1.0)

    def test_an_unknown_mode_is_refused_and_nothing_changes(self):
        app, plain = self.player(), self.player()
        with pytest.raises(ConfigError, match="no mode called 'theremin'"):
            app.change_mode("theremin")
        np.testing.assert_array_equal(play(app.engine, 0.3), play(plain.engine, 0.3))
