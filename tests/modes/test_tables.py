"""Which instruments a mode plays, and the parameters that they bring along."""

import msgspec
import pytest

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.card import Controller, Style
from ddsp_pi.models.cards import read_card
from ddsp_pi.models.library import list_instruments
from ddsp_pi.modes.style import PARAMS
from ddsp_pi.modes.tables import (
    MODE_PARAMS,
    MODES,
    SHIPPED_PARAMS,
    check_file,
    check_fits,
    check_morph,
    fits,
    fitting,
    usual_controllers,
)
from tests.instruments import BY_NOTES, VIOLIN, own_violin
from tests.plucked import GUITAR, guitar_file


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "models"


def names(mode):
    return [spec.name for spec in MODE_PARAMS[mode]]


def test_every_mode_has_its_table():
    assert MODES.keys() == MODE_PARAMS.keys() == SHIPPED_PARAMS.keys()
    assert len(MODE_PARAMS) == len(MODES)
    with pytest.raises(KeyError):
        MODE_PARAMS["theremin"]


def test_controllers_of_the_library_are_parameters(own):
    guitar_file(own / "pluck.onnx", Style((Controller("squeal", "Pinch.", 0.25), *GUITAR.controllers)))
    known = {spec.name: spec for spec in MODE_PARAMS["style"]}
    openness, squeal = known["openness"], known["squeal"]
    assert (openness.low, openness.high, openness.default) == (0, 1, 1.0)
    assert (squeal.default, squeal.doc) == (0.25, "Pinch.")
    assert names("style")[: len(PARAMS)] == [spec.name for spec in PARAMS]
    assert names("style").count("openness") == 1, "that of all guitars"
    assert not {"openness", "squeal"} & set(names("cv"))


@pytest.mark.parametrize("path", BY_NOTES, ids=lambda path: path.stem)
def test_controllers_of_what_ships_are_parameters(path):
    known = {spec.name: spec for spec in SHIPPED_PARAMS["style"]}
    card = read_card(path)
    check_fits("style", card)
    for controller in card.style.controllers:
        spec = known[controller.name]
        assert (spec.low, spec.high, spec.default, spec.doc) == (0, 1, controller.default, controller.doc)
        assert usual_controllers("style")[controller.name] == controller.cc


def test_a_table_stays_while_it_plays(own):
    before = names("style")
    guitar_file(own / "pluck.onnx", Style((Controller("squeal", "Pinch.", 0.0),)))
    assert names("style") == before


def test_tables_of_what_ships_know_nothing_of_the_player_s_own(own):
    guitar_file(own / "pluck.onnx", Style((Controller("squeal", "Pinch.", 0.0),)))
    assert "squeal" in names("style")
    assert "squeal" not in [spec.name for spec in SHIPPED_PARAMS["style"]]


def test_a_controller_does_not_take_the_name_of_another_parameter(own):
    file = guitar_file(own / "pluck.onnx", Style((Controller("loudness", "Of the body.", 0.5),)))
    assert names("style").count("loudness") == 1
    with pytest.raises(InstrumentError, match="pluck: its controllers loudness are called as parameters"):
        check_fits("style", read_card(file))


def test_midi_controllers_come_with_the_instruments(own):
    guitar_file(
        own / "pluck.onnx", Style((Controller("squeal", "Pinch.", 0.0, 20), Controller("sag", "", 0)))
    )
    found = usual_controllers("style")
    assert found["squeal"] == 20
    assert "sag" not in found
    assert usual_controllers("cv") == {}


def test_modes_play_only_what_was_made_for_them(own):
    file = guitar_file(own / "pluck.onnx")
    assert "pluck" in fitting("style")
    assert "violin" not in fitting("style")
    assert (
        fitting("cv").keys() == fitting("cross").keys() == list_instruments().keys() - fitting("style").keys()
    )
    assert (fits("style", file), fits("cv", file), fits("cv", VIOLIN)) == (True, False, True)


def test_what_does_not_fit_is_refused_with_what_does(own):
    file = guitar_file(own / "pluck.onnx")
    with pytest.raises(
        InstrumentError, match=r"violin is played by .* not by notes.*for mode style: .*pluck"
    ):
        check_file("style", VIOLIN)
    for mode in ("cv", "cross"):
        with pytest.raises(
            InstrumentError, match=rf"pluck is played only by notes.*for mode {mode}: .*violin"
        ):
            check_file(mode, file)
    check_file("style", file)
    check_file("cv", VIOLIN)


def test_a_file_that_cannot_be_read_is_for_whoever_loads_it(own):
    own.mkdir(parents=True)
    (own / "kazoo.onnx").write_text("hum")
    assert "kazoo" in fitting("style").keys() & fitting("cv").keys()
    check_file("style", own / "kazoo.onnx")


def test_nothing_morphs_in_style(own):
    card = read_card(guitar_file(own / "pluck.onnx"))
    with pytest.raises(InstrumentError, match=r"mode style does not morph: leave morph_to \(pluck\) empty"):
        check_morph("style", card, card)
    violin = read_card(VIOLIN)
    with pytest.raises(InstrumentError, match="pluck is played only by notes"):
        check_morph("cv", violin, card)
    check_morph("cv", violin, read_card(own_violin(own / "dark.onnx", name="dark")))
    with pytest.raises(InstrumentError, match="65 and 33 noise bands"):
        check_morph("cv", violin, msgspec.structs.replace(violin, n_bands=33))
