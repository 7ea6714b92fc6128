"""Other settings while a note sounds: heard without a click, and nothing is forgotten."""

import math
import threading

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.engine.parts import Parts
from ddsp_pi.errors import ConfigError, InstrumentError
from ddsp_pi.frame import HOP, SAMPLE_RATE, Edge
from ddsp_pi.sections import Cv, Route
from tests.playing import play

CHANGE = 375 * HOP
"""A second."""

VOLTS = {"cv1": 0.25, "cv2": 5.5, "cv3": 0.6, "cv4": 5.2}


class Cables:
    """Volts in the first four jacks, and gate 1 open from the start."""

    def __init__(self, volts=VOLTS):
        self._volts = (*volts.values(), math.nan, math.nan, math.nan, math.nan)
        self._events = [Edge(1, True, 0)]

    def volts(self, at_ns):
        return self._volts

    def events(self, until_ns):
        events, self._events = self._events, []
        return events


def routes(note="cv1", loudness="cv2"):
    rows = [Route(note, "note", law="v_oct")]
    if loudness:
        rows.append(Route(loudness, "loudness", volts=(0.0, 8.0), range=(-80.0, 0.0)))
    return Cv(60.0, tuple(rows))


PLAIN = msgspec.structs.replace(load_config(), cv=routes())


def other(**changed):
    return msgspec.structs.replace(PLAIN, **changed)


def heard(first, *then):
    """Two seconds, with other settings after the first."""
    app = build(first, Cables())
    pieces = [play(app.engine, CHANGE / SAMPLE_RATE)]
    for config in then:
        app.configure(config)
        pieces.append(play(app.engine, CHANGE / SAMPLE_RATE))
    return app, np.concatenate(pieces)


def steady(config):
    return heard(config, config)[1]


def roughest(audio):
    """The sharpest corner from 100 ms before the change to 200 ms after it."""
    return sharpest(audio[CHANGE - 4800 : CHANGE + 9600])


def sharpest(audio):
    return float(np.abs(np.diff(audio.astype(np.float64), 2)).max())


def level_db(audio):
    return 20.0 * math.log10(float(np.sqrt(np.mean(audio[-SAMPLE_RATE // 2 :] ** 2))))


CHANGES = {
    "cables": other(cv=routes("cv3", "cv4")),
    "one cable less": other(cv=routes(loudness=None)),
    "zero volt": other(cv=msgspec.structs.replace(PLAIN.cv, zero_volt_note=67.0)),
    "voices": other(voices=3),
    "instrument": other(model="cello"),
    "two instruments": other(morph_to="cello"),
    "everything": other(model="flute", morph_to="violin", voices=2, cv=routes("cv3", "cv4")),
}


@pytest.mark.parametrize("config", CHANGES.values(), ids=CHANGES)
def test_other_settings_do_not_click_and_the_note_goes_on(config):
    app, audio = heard(PLAIN, config)
    assert app.config == config
    # The beginning counts too: where no cable holds the loudness, the note is struck again.
    worst = max(roughest(steady(PLAIN)), sharpest(steady(config)))
    assert roughest(audio) < 1.1 * worst
    assert level_db(audio) == pytest.approx(level_db(steady(config)), abs=2.0)


def test_a_click_would_be_seen():
    audio = steady(PLAIN).copy()
    audio[CHANGE:] *= -1.0
    assert roughest(audio) > 2.0 * roughest(steady(PLAIN))


def test_a_parameter_moves_from_one_jack_to_the_other():
    app, _ = heard(PLAIN, other(cv=routes("cv3", None)))
    assert app.params["note"] == pytest.approx(60.0 + 12.0 * 0.6)
    assert not app.params.is_driven("loudness")


def test_what_was_turned_by_hand_stays():
    app = build(other(params={"noise": 0.5}), Cables())
    app.set_param("tune", 3.0)
    app.set_param("noise", 0.25)
    play(app.engine, 0.1)
    app.configure(other(params={"noise": 0.5}, voices=2))
    play(app.engine, 0.1)
    assert (app.params["tune"], app.params["noise"]) == (3.0, 0.25)


def test_what_is_turned_while_a_part_is_made_or_waits_is_not_lost(monkeypatch):
    app = build(PLAIN, Cables())
    play(app.engine, 0.1)
    change = Parts.change

    def changed(parts, part):
        app.set_param("tune", 1.0)
        change(parts, part)
        app.set_param("noise", 0.75)

    monkeypatch.setattr(Parts, "change", changed)
    app.configure(other(voices=2))
    app.set_param("release", 2.0)
    play(app.engine, 0.1)
    assert [app.params[name] for name in ("tune", "noise", "release")] == [1.0, 0.75, 2.0]


def test_an_instrument_chosen_by_hand_stays_until_its_setting_changes():
    app = build(PLAIN, Cables())
    flute = app.library.get(build(other(model="flute"), Cables()).instrument.path)
    app.play(flute.path)
    app.configure(other(voices=2))
    assert app.instrument.card.name == "flute"
    app.configure(other(voices=2, model="cello"))
    assert app.instrument.card.name == "cello"


def test_settings_that_come_before_the_first_sound_play_all():
    app = build(PLAIN, Cables())
    app.configure(other(voices=2))
    app.configure(other(voices=2, model="cello"))
    audio, wanted = play(app.engine, 2.0), play(build(other(voices=2, model="cello"), Cables()).engine, 2.0)
    assert level_db(audio) == pytest.approx(level_db(wanted), abs=0.5)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (other(model="theremin", voices=2), InstrumentError),
        (other(morph_to="theremin"), InstrumentError),
        (other(cv=Cv(60.0, (Route("cv1", "pitch"),))), ConfigError),
        (other(mode="dance"), ConfigError),
    ],
)
def test_what_cannot_be_played_changes_nothing_to_the_bit(config, error):
    app = build(PLAIN, Cables())
    before = play(app.engine, 0.5)
    with pytest.raises(error):
        app.configure(config)
    audio = np.concatenate([before, play(app.engine, 0.5)])
    assert app.config == PLAIN
    np.testing.assert_array_equal(audio, play(build(PLAIN, Cables()).engine, 1.0))


def test_from_another_thread_while_it_renders():
    app = build(PLAIN, Cables())
    made = [
        other(voices=1 + count % 3, cv=routes(*pair)) for count, pair in enumerate([("cv3",), ("cv1",)] * 4)
    ]
    thread = threading.Thread(target=lambda: [app.configure(config) for config in made])
    thread.start()
    pieces = []
    while thread.is_alive():
        pieces.append(play(app.engine, 0.05))
    thread.join()
    pieces.append(play(app.engine, 1.0))
    assert app.config == made[-1]
    assert np.isfinite(np.concatenate(pieces)).all()
    assert level_db(pieces[-1]) == pytest.approx(level_db(steady(made[-1])), abs=2.0)


JACKS = st.sampled_from(list(VOLTS))
CVS = st.builds(routes, JACKS, st.sampled_from([None, "cv2", "cv4"])) | st.just(load_config().cv)
NAMES = st.sampled_from(["violin", "cello", "flute"])
VALID = st.builds(other, cv=CVS, voices=st.integers(1, 3), model=NAMES, morph_to=st.none() | NAMES)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(VALID, st.integers(0, 60)), min_size=1, max_size=5))
def test_any_sequence_of_settings_keeps_sounding(sequence):
    app = build(PLAIN, Cables())
    for config, hops in sequence:
        app.configure(config)
        assert np.isfinite(play(app.engine, hops * HOP / SAMPLE_RATE)).all()
    last = play(app.engine, 1.0)
    assert app.config == sequence[-1][0]
    assert np.isfinite(last).all()
    assert 1e-3 < np.abs(last[-SAMPLE_RATE // 2 :]).max() <= 1.0
