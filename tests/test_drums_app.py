"""Mode drums in a whole player: its mapper is chosen, changed and refused like an instrument elsewhere."""

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import build, build_live
from ddsp_pi.cli import main
from ddsp_pi.config import load_config
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.snare_params import NAMES
from ddsp_pi.errors import InstrumentError
from ddsp_pi.frame import Note
from ddsp_pi.models.drum_library import SHIPPED, own_folder
from ddsp_pi.modes.chosen import find_named
from ddsp_pi.rack.played import Played
from tests.drums import pad
from tests.instruments import VIOLIN, one_weight_off
from tests.instruments import changed as broken_violin
from tests.mappers import changed, mapper_file, with_weight
from tests.playing import Script, ns, play, sing


@pytest.fixture(autouse=True)
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return mapper_file(own_folder() / "toy.onnx", preset="tom_1")[0]


class Hands(Script):
    """A board with nobody at it, or with keys that are struck at times."""

    def __init__(self, *notes):
        super().__init__(notes)


def settings(**changes):
    """With the mapper by hand, unless another is named."""
    return msgspec.structs.replace(load_config(mode="drums"), **{"model": "plain", **changes})


def stands(app):
    return tuple(app.params.values[name] for name in NAMES)


def test_nothing_but_the_mapper_is_loaded(monkeypatch):
    def load(self, path):
        raise AssertionError(f"{path} is loaded")

    monkeypatch.setattr("ddsp_pi.models.warm.WarmLibrary.get", load)
    monkeypatch.setattr("ddsp_pi.models.warm.WarmLibrary.warm", load)
    said = []
    for app in (build(settings(), Hands()), build_live(settings(), Played(Hands(), 0.0), said.append)):
        assert (app.instrument.card.name, app.card, app.other) == ("plain", None, None)
    assert said == []


def test_a_trained_mapper_begins_with_the_knobs_of_its_drum_and_settings_count_more():
    assert stands(build(settings(model="toy"), Hands())) == pytest.approx(DRUM_PRESETS["tom_1"].values)
    assert stands(build(settings(), Hands())) == pytest.approx(DRUM_PRESETS["snare_1"].values)
    app = build(settings(model="toy", params={"drive": 9.0}), Hands())
    assert stands(app)[:-1] == pytest.approx(DRUM_PRESETS["tom_1"].values[:-1])
    assert stands(app)[-1] == 9.0


def test_hits_sound_otherwise_with_another_mapper():
    heard = pad((0.1, 0.3, 0.5), 0.8, (-20.0, -3.0))
    values = dict(zip(NAMES, DRUM_PRESETS["tom_1"].values, strict=True))
    plain, toy = (
        sing(build(settings(model=name, params=values), Hands()).engine, heard) for name in ("plain", "toy")
    )
    assert np.abs(toy).max() > 0.01
    assert np.abs(toy - plain).max() > 0.01


def test_a_mapper_changes_while_it_plays_without_a_click_and_knobs_stay(toy):
    struck = Note(38, 0.5, ns(0.1))
    app, whole = (build(settings(), Hands(struck)) for _ in range(2))
    made = [play(app.engine, 0.1024)]
    app.play(toy)
    made.append(play(app.engine, 0.3))
    wanted = play(whole.engine, 0.4024)
    np.testing.assert_allclose(np.concatenate(made), wanted[: len(made[0]) + len(made[1])], atol=2e-6)
    assert app.instrument.card.name == "toy"
    assert stands(app) == pytest.approx(DRUM_PRESETS["snare_1"].values), "who chooses it turns them"


def test_a_wrong_choice_while_it_plays_changes_nothing(toy, tmp_path):
    bad = changed(tmp_path / "bad.onnx", with_weight("layer.1.weight", lambda values: values * 1.5))
    app, plain = (build(settings(), Hands(Note(38, 0.9, ns(0.3)))) for _ in range(2))
    play(app.engine, 0.2)
    for path, words in (
        (bad, "parity"),
        (tmp_path / "gone.onnx", "No such file"),
    ):
        with pytest.raises(InstrumentError, match=words):
            app.play(path)
    with pytest.raises(InstrumentError, match="plain is a drum mapper, for mode drums"):
        app.change_mode("cv")
    with pytest.raises(InstrumentError, match="does not morph"):
        app.configure(settings(morph_to="toy"))
    audio, wanted = play(app.engine, 0.6), play(plain.engine, 0.8)
    np.testing.assert_array_equal(audio, wanted[-len(audio) :])
    assert (app.config.mode, app.instrument.card.name) == ("drums", "plain")


def test_what_cannot_be_chosen_is_refused_at_the_start(toy):
    for config, words in (
        (settings(model="gong"), "no drum mapper called 'gong'; there are: .*plain"),
        (settings(morph_to="cello"), r"mode drums does not morph: leave morph_to \(cello\) empty"),
        (msgspec.structs.replace(load_config(), model=str(toy)), "a drum mapper, no instrument"),
        (msgspec.structs.replace(load_config(), model="toy"), "no instrument called 'toy'"),
    ):
        with pytest.raises(InstrumentError, match=words):
            build(config, Hands())


def test_one_of_your_own_that_is_broken_gives_way_to_the_one_that_ships():
    (own_folder() / "plain.yaml").write_text("format: 1\nloudness_db: {wobble: 3}\n")
    said = []
    app = build_live(settings(), Played(Hands(), 0.0), said.append)
    assert app.instrument.path == SHIPPED / "plain.yaml"
    assert "The plain that ships plays instead" in said[0]
    with pytest.raises(InstrumentError, match="wobble"):
        build(settings(), Hands())


def test_the_mode_changes_with_what_is_chosen_for_it_there_and_back():
    app = build(load_config(), Hands(Note(60, 0.9, ns(0.5))))
    play(app.engine, 0.1)
    app.configure(settings(model="toy"))
    assert (app.instrument.card.name, app.card) == ("toy", None)
    assert np.abs(play(app.engine, 0.6)).max() > 0.01
    assert stands(app) == pytest.approx(DRUM_PRESETS["tom_1"].values)
    app.configure(load_config())
    assert app.instrument.card.name == app.card.name == "violin"
    play(app.engine, 0.2)


def test_a_name_that_both_have_is_what_the_mode_plays():
    mapper_file(own_folder() / "violin.onnx", name="violin", preset="tom_1")
    app = build(load_config(), Hands())
    app.configure(settings(model="violin"))
    assert app.card is None
    app.configure(load_config())
    assert app.card is not None


def test_a_drum_gives_way_to_an_instrument_that_is_struck_and_comes_back(toy):
    heard = pad((0.1, 0.4, 0.7), 1.0, (-3.0, -12.0))
    app = build(settings(voices=2, params={"loudness": -14.0}), Hands())
    drum = sing(app.engine, heard)
    for path in (VIOLIN, VIOLIN.with_name("style-guitar.onnx"), toy):
        app.play(path)
        made = sing(app.engine, heard)
        assert np.isfinite(made).all()
        assert np.abs(made).max() > 0.02
        assert np.abs(made - drum).max() > 0.02
        assert (app.card is None) == (path == toy)


def test_an_instrument_of_your_own_that_is_broken_gives_way_in_mode_drums_too():
    broken = broken_violin(own_folder().parent / "violin.onnx", one_weight_off)
    app = build_live(settings(model="violin"), Played(Hands(), 0.0), (said := []).append)
    assert (app.instrument.path, app.card.name) == (VIOLIN, "violin")
    assert str(broken) in said[0]


def test_a_file_that_changes_is_followed():
    path = own_folder() / "mine.yaml"
    path.write_text("format: 1\nloudness_db: {drive: 3}\n")
    app, said = build(settings(model="mine"), Hands()), []
    watch = InstrumentWatch("mine", lambda name: find_named("drums", name))
    before = app.instrument.mapper
    path.write_text("format: 1\nloudness_db: {drive: 24}\n")
    for _ in range(3):
        watch.poll(app.play, said.append)
    assert said == [f"mine has changed: {path}"]
    assert app.instrument.mapper is not before
    path.write_text("format: 1\nloudness_db: {wobble: 24}\n")
    for _ in range(3):
        watch.poll(app.play, said.append)
    assert "wobble" in said[-1]
    assert "plays on as it was" in said[-1]


@pytest.mark.parametrize("as_file", [False, True])
def test_a_mapper_is_rendered_by_name_and_as_a_file(as_file, toy, tmp_path, capsys):
    cables, wav = tmp_path / "hit.csv", tmp_path / "out.wav"
    cables.write_text("time_s,gate1\n0,0\n0.1,1\n0.2,0\n")
    model = str(toy) if as_file else "toy"
    assert main(["render", "--mode", "drums", "--model", model, "--cv", str(cables), "-o", str(wav)]) == 0
    assert "drums (toy), 1 notes" in capsys.readouterr().out


def test_the_command_line_says_what_cannot_be_chosen(toy, tmp_path, capsys):
    cables = tmp_path / "hit.csv"
    cables.write_text("time_s,gate1\n0,0\n0.1,1\n0.2,0\n")
    for mode, model, words in (("drums", "gong", "no drum mapper"), ("cv", str(toy), "a drum mapper")):
        arguments = ["--mode", mode, "--model", model, "--cv", str(cables), "-o", str(tmp_path / "out.wav")]
        assert main(["render", *arguments]) == 2
        assert words in capsys.readouterr().err
