"""What may be chosen as model in each mode."""

import pytest

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.snare_params import NAMES
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.drum_library import own_folder
from ddsp_pi.models.library import list_instruments
from ddsp_pi.modes.chosen import brought_along, check_playable, find, find_named, open_model, start_params
from ddsp_pi.modes.drum_params import DAMPING_NAMES
from ddsp_pi.modes.tables import check_file, fits, fitting
from tests.instruments import VIOLIN
from tests.mappers import mapper_file


@pytest.fixture(autouse=True)
def toy(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return mapper_file(own_folder() / "toy.onnx", "linear", preset="tom_1")[0]


def test_in_mode_drums_mappers_are_found_and_elsewhere_instruments(toy):
    assert find("drums", "toy") == find_named("drums", "toy") == find_named("drums", str(toy)) == toy
    assert find("cv", "violin") == find_named("cv", "violin") == VIOLIN
    for mode, name, words in (("drums", "gong", "no drum mapper called 'gong'; there are: .*plain.*toy"),
                              ("drums", "gong", "; no instrument called 'gong'; there are: .*violin"),
                              ("cv", "toy", "no instrument called 'toy'; there are: .*violin")):  # fmt: skip
        for look in (find, find_named, open_model):
            if look is not open_model or mode == "drums":
                with pytest.raises(InstrumentError, match=words):
                    look(mode, name)


def test_names_that_come_in_messages_open_nothing_beside_the_library(tmp_path):
    mapper_file(tmp_path / "elsewhere.onnx")
    with pytest.raises(InstrumentError, match="no drum mapper called"):
        find_named("drums", str(tmp_path / "elsewhere.onnx"))
    assert find("drums", str(tmp_path / "elsewhere.onnx")) == tmp_path / "elsewhere.onnx"


def test_a_mode_lists_what_it_plays(toy):
    assert {"plain", "toy", "violin", "style-guitar"} <= fitting("drums").keys()
    assert not {"plain", "toy"} & (fitting("cv").keys() | fitting("cross").keys() | fitting("style").keys())
    assert fits("drums", toy)
    assert fits("drums", VIOLIN)


def test_in_mode_drums_instruments_are_found_as_well_and_mappers_before_them(toy):
    assert find("drums", "violin") == find_named("drums", "violin") == VIOLIN
    for name in ("violin", "style-guitar"):
        check_file("drums", list_instruments()[name])
        check_playable("drums", open_model("drums", name), None)
    assert brought_along(VIOLIN) == start_params("drums", "violin", {}) == {}
    own = mapper_file(own_folder() / "violin.onnx", name="violin")[0]
    assert find("drums", "violin") == find_named("drums", "violin") == fitting("drums")["violin"] == own


def test_a_mapper_elsewhere_is_refused_and_two_that_cannot_morph(toy):
    with pytest.raises(InstrumentError, match=r"toy is a drum mapper, for mode drums; .* mode cv: .*violin"):
        check_playable("cv", open_model("drums", "toy"), None)
    with pytest.raises(InstrumentError, match="a drum mapper, no instrument"):
        open_model("cv", str(toy))
    with pytest.raises(InstrumentError, match=r"mode drums does not morph: leave morph_to \(plain\) empty"):
        check_playable("drums", open_model("drums", "toy"), open_model("drums", "plain"))
    with pytest.raises(InstrumentError, match=r"mode drums does not morph: leave morph_to \(cello\) empty"):
        check_playable("drums", open_model("drums", "violin"), open_model("drums", "cello"))


def test_a_mapper_brings_the_knobs_of_its_drum_along(toy):
    tom = DRUM_PRESETS["tom_1"]
    knobs = brought_along(toy)
    assert tuple(knobs[name] for name in NAMES) == pytest.approx(tom.values)
    assert tuple(knobs[name] for name in DAMPING_NAMES) == pytest.approx(tom.damping)
    assert start_params("drums", "toy", {"drive": 3.0}) == knobs | {"drive": 3.0}
    assert start_params("drums", "plain", {"drive": 3.0}) == {"drive": 3.0}
    assert start_params("drums", "gong", {"drive": 3.0}) == {"drive": 3.0}
    assert start_params("cv", "toy", {"drive": 3.0}) == {"drive": 3.0}
