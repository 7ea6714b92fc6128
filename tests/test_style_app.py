"""Mode style of a whole player: from files, cables and MIDI."""

import mido
import msgspec
import numpy as np
import pytest

from ddsp_pi.app import build, build_live, midi_of
from ddsp_pi.cli import main
from ddsp_pi.config import load_config
from ddsp_pi.control.midi_file import load_midi
from ddsp_pi.control.midi_map import joined
from ddsp_pi.errors import InstrumentError
from ddsp_pi.frame import SAMPLE_RATE, Edge, Note
from ddsp_pi.models.library import find_instrument
from ddsp_pi.modes.tables import fitting
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import NullBoard
from ddsp_pi.rack.played import Played
from tests.instruments import VIOLIN
from tests.playing import ns, play
from tests.plucked import ONE_BANK, guitar_file, plucked_files
from tests.references import decibels

NAN = float("nan")
LATER = Note(45.0, 1.0, ns(0.1)), Note(45.0, 0.0, ns(0.5))


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    plucked_files(monkeypatch)
    folder = tmp_path / "data" / "models"
    guitar_file(folder / "pluck.onnx")
    return folder


class Hands:
    """Volts that stand still, and what happens beside them."""

    def __init__(self, *events, **volts):
        self._volts = tuple(volts.get(f"cv{jack}", NAN) for jack in range(1, 7))
        self._events = sorted(events, key=lambda event: event.at_ns)

    def volts(self, at_ns):
        return self._volts

    def events(self, until_ns):
        due = [event for event in self._events if event.at_ns < until_ns]
        del self._events[: len(due)]
        return due


def settings(**over):
    return msgspec.structs.replace(load_config(mode="style"), **{"model": "pluck", **over})


def sound(board, seconds=0.8, **over):
    return play(build(settings(**over), board).engine, seconds)


@pytest.mark.parametrize(("volts", "velocity"), [(5.0, 1.0), (2.5, 0.5)])
def test_a_note_from_the_jacks_is_that_from_a_key(volts, velocity):
    gates = Edge(1, True, ns(0.1)), Edge(1, False, ns(0.5))
    jacks = sound(Hands(*gates, cv1=-1.0, cv2=volts))
    keys = sound(Hands(Note(48.0, velocity, ns(0.1)), Note(48.0, 0.0, ns(0.5))))
    assert decibels(jacks - keys, keys) < -90.0
    assert np.abs(keys).max() > 1e-3


def test_a_controller_is_turned_by_its_name_by_a_cable_and_by_midi(tmp_path):
    wanted = sound(Hands(*LATER), params={"openness": 0.0})
    np.testing.assert_array_equal(sound(Hands(*LATER, cv5=0.0)), wanted)
    assert decibels(sound(Hands(*LATER)) - wanted, wanted) > -10.0

    file, config = tmp_path / "muted.mid", settings()
    messages = [
        mido.Message("control_change", control=55, value=0),
        mido.Message("note_on", note=45, velocity=127, time=96),
        mido.Message("note_off", note=45, time=384),
    ]
    mido.MidiFile(tracks=[mido.MidiTrack(messages)]).save(file)
    song = load_midi(file, midi_of(config), ParamSet(build(config, Hands()).params), NullBoard())
    app = build(config, song)
    song.turn_with(app.set_param)
    assert decibels(play(app.engine, 0.8) - wanted, wanted) < -90.0
    assert app.params["openness"] == 0.0


def test_controllers_of_the_settings_count_before_those_of_the_card():
    assert joined({"noise": 71}, {"openness": 55}) == {"noise": 71, "openness": 55}
    assert joined({"openness": 21}, {"openness": 55}) == {"openness": 21}
    assert joined({"openness": None}, {"openness": 55}) == {"openness": None}
    assert joined({"noise": 55}, {"openness": 55, "power_chord": 56}) == {"noise": 55, "power_chord": 56}
    assert joined({}, {"openness": 64}) == {}, "the sustain pedal"
    assert midi_of(settings()).controllers["power_chord"] == 56
    assert midi_of(load_config()).controllers == load_config().midi.controllers


def test_what_a_mode_does_not_play_is_refused():
    with pytest.raises(InstrumentError, match=r"not by notes; instruments for mode style: .*pluck"):
        build(settings(model="violin"), Hands())
    for mode in ("cv", "cross"):
        config = msgspec.structs.replace(load_config(mode=mode), model="pluck")
        with pytest.raises(InstrumentError, match=f"instruments for mode {mode}: alto-sax"):
            build(config, Hands())
    with pytest.raises(InstrumentError, match="mode style does not morph: leave morph_to"):
        build(settings(morph_to="pluck"), Hands())


def test_a_wrong_choice_while_it_plays_changes_nothing():
    app, plain = (build(settings(), Hands(*LATER)) for _ in range(2))
    play(app.engine, 0.2)
    with pytest.raises(InstrumentError, match="violin is played"):
        app.play(VIOLIN)
    with pytest.raises(InstrumentError, match="pluck is played only by notes"):
        app.change_mode("cv")
    with pytest.raises(InstrumentError, match="does not morph"):
        app.configure(settings(morph_to="pluck"))
    audio, wanted = play(app.engine, 0.6), play(plain.engine, 0.8)
    np.testing.assert_array_equal(audio, wanted[-len(audio) :])
    assert (app.config.mode, app.instrument.card.name) == ("style", "pluck")


def test_another_instrument_of_the_kind_fades_in(own):
    file = guitar_file(own / "other.onnx", ONE_BANK, name="other")
    app = build(settings(voices=3), Hands(*LATER))
    play(app.engine, 0.2)
    app.play(file)
    assert np.isfinite(play(app.engine, 0.2)).all()
    assert app.engine.parts.mode._voices.playing.decoder.voices == 2 * 5


def test_the_mode_changes_with_its_instrument_and_what_is_held_goes_on():
    note = Note(57.0, 1.0, ns(0.1))
    app = build(msgspec.structs.replace(load_config(), params={"loudness": -30.0}), Hands(note))
    play(app.engine, 0.3)
    app.configure(settings(params={"loudness": -30.0}))
    assert np.abs(play(app.engine, 0.3)[-4800:]).max() > 1e-3
    assert app.instrument.card.name == "pluck"
    app.configure(msgspec.structs.replace(load_config(), params={"loudness": -30.0}))
    assert np.abs(play(app.engine, 0.3)[-4800:]).max() > 1e-3
    assert app.instrument.card.name == "violin"


def test_only_what_the_mode_can_play_is_kept_warm():
    said = []
    config = settings(audio=msgspec.structs.replace(load_config().audio, inputs=0))
    app = build_live(config, Played(Hands(), 0.0), said.append)
    assert set(app.library.paths) == set(fitting("style").values())
    cv = build_live(load_config(), Played(Hands(), 0.0), said.append)
    assert find_instrument("pluck") not in cv.library.paths
    assert said == []


def test_a_midi_file_is_rendered(tmp_path, capsys):
    file, made = tmp_path / "phrase.mid", tmp_path / "out" / "phrase.wav"
    messages = [
        message
        for note in (36, 36, 43, 48)
        for message in (
            mido.Message("note_on", note=note, velocity=90, time=0),
            mido.Message("note_off", note=note, time=240),
        )
    ]
    mido.MidiFile(tracks=[mido.MidiTrack(messages)]).save(file)
    made.parent.mkdir()
    play_it = ["render", "--mode", "style", "--midi", str(file), "-o", str(made)]
    assert main([*play_it, "--model", "pluck", "--set", "openness=0.2", "--set", "power_chord=1"]) == 0
    assert "4 notes" in capsys.readouterr().out
    assert made.stat().st_size > SAMPLE_RATE
    assert main([*play_it, "--model", "violin"]) != 0
    assert "instruments for mode style" in capsys.readouterr().err


def test_the_card_says_how_it_is_played(capsys):
    assert main(["models", "show", "pluck"]) == 0
    shown = capsys.readouterr().out
    assert "openness, 1 as it comes, MIDI controller 55: How open the strings are" in shown
