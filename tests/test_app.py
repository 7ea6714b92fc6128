"""Changing the instrument of a whole player, from files."""

import dataclasses

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import build, build_live
from ddsp_pi.config import load_config
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import ConfigError, InstrumentError
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.library import add_instrument, find_instrument, remove_instrument
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.played import Played
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder
from tests.instruments import VIOLIN, changed, one_weight_off, own_violin
from tests.playing import play
from tests.references import decibels

PHRASE = configs_folder() / "performances" / "violin-phrase.csv"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "models"


def player(**settings):
    config = msgspec.structs.replace(load_config(), **settings)
    return build(config, SimBoard(load_performance(PHRASE), loop=True))


def sound(app, act=lambda: None):
    """A second before something is done and two after it."""
    before = play(app.engine, 1.024)
    act()
    return np.concatenate([before, play(app.engine, 2.048)])


def unlike(audio, other):
    """Difference in dB, long after the change."""
    return decibels((audio - other)[-SAMPLE_RATE:], other[-SAMPLE_RATE:])


def test_a_new_version_is_picked_up_while_it_plays(own, tmp_path):
    watch, app, said = InstrumentWatch("violin", find_instrument), player(), []

    def add():
        add_instrument(own_violin(tmp_path / "mine.onnx"))
        for _ in range(3):
            watch.poll(app.play, said.append)

    audio, shipped = sound(app, add), sound(player(model=str(VIOLIN)))
    assert app.instrument.path == own / "violin.onnx"
    assert said == [f"violin has changed: {own / 'violin.onnx'}"]
    np.testing.assert_array_equal(audio[:SAMPLE_RATE], shipped[:SAMPLE_RATE])
    assert unlike(audio, sound(player(model="violin"))) < -20.0
    assert unlike(audio, shipped) > -15.0

    remove_instrument("violin")
    for _ in range(3):
        watch.poll(app.play, said.append)
    assert app.instrument.path == VIOLIN


def test_a_bad_file_is_refused_and_the_sound_goes_on_to_the_bit(tmp_path):
    app = player()

    def spoil():
        with pytest.raises(InstrumentError, match="parity"):
            app.play(changed(tmp_path / "bad.onnx", one_weight_off))

    np.testing.assert_array_equal(sound(app, spoil), sound(player()))
    assert app.instrument.card.title == "Violin"


def test_a_change_keeps_the_second_instrument(tmp_path):
    dark = own_violin(tmp_path / "dark.onnx")
    settings = {"morph_to": str(dark), "params": {"morph": 1.0}}
    app = player(**settings)
    audio = sound(app, lambda: app.play(dark))
    assert unlike(audio, sound(player(**settings))) < -20.0


def test_what_cannot_morph_to_the_second_is_refused(tmp_path):
    dark = own_violin(tmp_path / "dark.onnx")
    app = player(morph_to=str(dark))
    app.other = dataclasses.replace(app.other, card=msgspec.structs.replace(app.other.card, n_bands=33))
    before = app.instrument
    with pytest.raises(InstrumentError, match="cannot morph"):
        app.play(dark)
    assert app.instrument is before


def test_a_mode_that_listens_is_not_played_live_without_an_input():
    config = load_config(mode="cross")
    deaf = msgspec.structs.replace(config, audio=msgspec.structs.replace(config.audio, inputs=0))
    with pytest.raises(ConfigError, match=r"audio\.inputs is 0; set it to 1 or 2"):
        build_live(deaf, Played(SimBoard(load_performance(PHRASE)), 0.0), print)


def test_a_mode_that_listens_plays_one_voice_however_many_there_are():
    app = build(load_config(mode="cross"), SimBoard(load_performance(PHRASE)))
    app.config = msgspec.structs.replace(app.config, voices=4)
    app.play(find_instrument("flute"))
    app.engine.render(np.zeros(512, np.float32))
    assert app.instrument.card.name == "flute"
