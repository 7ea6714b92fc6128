"""Drum mapper files: what they answer, and what is refused."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from ddsp_pi.cli import main
from ddsp_pi.dsp.drum_presets import STEADY_PITCH, drum_preset
from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import Normaliser
from ddsp_pi.dsp.snare_params import NAMES, to_norms
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.models.drum_library import add_mapper, find_mapper, list_mappers, own_folder
from ddsp_pi.models.drum_mapper import TOLERANCE, load_mapper, parity_error
from tests.instruments import VIOLIN
from tests.mappers import changed, mapper_file, with_card, with_weight

KINDS = ("linear", "small", "large")
HITS = np.random.default_rng(3).uniform(-1.0, 1.0, (40, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_answers_what_torch_answers(tmp_path, kind):
    path, mapper = mapper_file(tmp_path / "toy.onnx", kind)
    loaded = load_mapper(path)
    with torch.no_grad():
        wanted = mapper(torch.from_numpy(HITS)).numpy()
    made = np.array([loaded.movement(hit) for hit in HITS])
    np.testing.assert_allclose(made, wanted, atol=TOLERANCE)
    assert np.abs(made).max() > 0.05
    assert parity_error(loaded) < TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_in_the_file_says_the_same_to_others(tmp_path, kind):
    path, _ = mapper_file(tmp_path / "toy.onnx", kind)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (made,) = session.run(None, {"difference": HITS})
    loaded = load_mapper(path)
    np.testing.assert_allclose(made, [loaded.movement(hit) for hit in HITS], atol=TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_turns_nothing_at_all(tmp_path, kind):
    mapper = load_mapper(mapper_file(tmp_path / "toy.onnx", kind)[0])
    assert not mapper.movement(np.zeros(3)).any()
    normaliser = Normaliser(mapper.ranges)
    difference = normaliser.centred(mapper.reference, mapper.reference)
    preset = to_norms(drum_preset("snare_1").values)
    np.testing.assert_array_equal(mapper.positions(difference, sensitivity=4.0), preset)


def test_a_normaliser_begins_with_what_the_card_says(tmp_path):
    mapper = load_mapper(mapper_file(tmp_path / "toy.onnx")[0])
    normaliser = Normaliser(mapper.ranges)
    assert normaliser.normalise(HitFeatures(-30.0, 80.0, -60.0)) == (0.5, 0.25, 0.5)
    difference = normaliser.centred(HitFeatures(0.0, 105.0, -80.0), mapper.reference)
    np.testing.assert_allclose(difference, [1.0 / 3.0, 0.25, -0.125])


def test_sensitivity_and_damping_share_out_the_movement(tmp_path):
    mapper = load_mapper(mapper_file(tmp_path / "toy.onnx")[0])
    difference = (0.02, -0.01, 0.03)
    movement = mapper.movement(difference)
    preset = to_norms(drum_preset("snare_1").values)
    for sensitivity in (0.0, 0.5, 1.0, 2.0):
        wanted = np.clip(preset + sensitivity * np.array(STEADY_PITCH) * movement, 0.0, 1.0)
        np.testing.assert_allclose(mapper.positions(difference, sensitivity), wanted)


def test_positions_stay_on_the_knobs(tmp_path):
    mapper = load_mapper(mapper_file(tmp_path / "toy.onnx", "linear")[0])
    for heard in ([50.0, -50.0, 50.0], [-50.0, 50.0, -50.0]):
        positions = mapper.positions(heard, sensitivity=4.0)
        assert positions.shape == (len(NAMES),)
        assert positions.min() >= 0.0
        assert positions.max() <= 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_turns_nothing(tmp_path, kind, wrong):
    mapper = load_mapper(mapper_file(tmp_path / "toy.onnx", kind)[0])
    assert not mapper.movement([wrong, 0.0, 0.0]).any()


def without_card(model):
    del model.metadata_props[:]


def not_json(model):
    model.metadata_props[0].value = "{broken"


def another_node(model):
    model.graph.node[-1].op_type = "Add"


def first_bias(change):
    return with_weight("layer.0.bias", change)


def louder(values):
    values[0] += 0.5
    return values


def nan(values):
    values[0] = np.nan
    return values


UPSIDE_DOWN = [{"low": 1.0, "high": 0.0}, *({"low": 0.0, "high": 1.0},) * 2]
BAD = {
    "no card": (without_card, "no drum mapper"),
    "card is not JSON": (not_json, "damaged card"),
    "other version": (with_card(format_version=99), "format version 99"),
    "no version": (with_card(format_version=None), "format version None"),
    "a name that is no name": (with_card(name="../../etc"), "damaged card.*name"),
    "nonsense in a field": (with_card(parameters="many"), "damaged card.*parameters"),
    "too few values": (with_card(values=[1.0, 2.0]), "2 values and 14 dampings"),
    "too many dampings": (with_card(damping=[1.0] * 15), "14 values and 15 dampings"),
    "a knob outside its range": (with_card(values=[1e6] * 14), "outside its range"),
    "a damping outside its range": (with_card(damping=[2.0] * 14), "damping is outside"),
    "a range upside down": (with_card(ranges=UPSIDE_DOWN), "upside down"),
    "two ranges": (with_card(ranges=UPSIDE_DOWN[1:]), "damaged card.*ranges"),
    "numbers as words": (with_card(reference=["a", 0.0, 0.0]), "damaged card.*reference"),
    "no parity": (with_card(parity={"differences": [], "movements": []}), "parity vectors"),
    "parity of nothing": (
        with_card(parity={"differences": [[0.0] * 3], "movements": [[0.0] * 14]}),
        "parity vectors",
    ),
    "short parity": (with_card(parity={"differences": [[1.0] * 3], "movements": [[0.0]]}), "parity vectors"),
    "other layers promised": (with_card(hidden=[16]), "finite numbers are due"),
    "more layers promised": (with_card(hidden=[32, 32]), "not the graph"),
    "linear promised": (with_card(hidden=[]), "not the graph"),
    "another node": (another_node, "not the graph"),
    "weights changed": (first_bias(louder), "fails its parity check"),
    "weights of another shape": (first_bias(lambda values: values[:5]), "of shape"),
    "weights that are no numbers": (first_bias(nan), "not finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason(tmp_path, name):
    change, said = BAD[name]
    path = changed(tmp_path / "bad.onnx", change)
    with pytest.raises(InstrumentError, match=said) as refusal:
        load_mapper(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"no onnx", b"\x00" * 64])
def test_what_is_no_onnx_file_is_refused(tmp_path, content):
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(InstrumentError, match=r"ONNX|drum mapper"):
        load_mapper(tmp_path / "bad.onnx")


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path, _ = mapper_file(tmp_path / "toy.onnx")
    content = path.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(InstrumentError):
            load_mapper(path)


def test_missing_and_huge_files_are_refused(tmp_path):
    with pytest.raises(InstrumentError, match="no such mapper"):
        load_mapper(tmp_path / "nowhere.onnx")
    (tmp_path / "big.onnx").write_bytes(b"\x00" * (2 << 20))
    with pytest.raises(InstrumentError, match="2 MB is no drum mapper"):
        load_mapper(tmp_path / "big.onnx")


def test_an_instrument_is_no_mapper_and_a_mapper_no_instrument(tmp_path):
    with pytest.raises(InstrumentError, match="no drum mapper"):
        load_mapper(VIOLIN)
    with pytest.raises(InstrumentError, match=r"a drum mapper, no instrument.*--drums"):
        load_instrument(mapper_file(tmp_path / "toy.onnx")[0])


def said(capsys, *arguments, code=0):
    assert main(["models", *map(str, arguments)]) == code
    output = capsys.readouterr()
    return output.err if code else output.out


def test_mappers_of_your_own_are_kept_apart_from_instruments(tmp_path, capsys):
    path, _ = mapper_file(tmp_path / "toy.onnx", name="mine")
    assert "added as" in said(capsys, "add", "--drums", path)
    assert list_mappers()["mine"] == own_folder() / "mine.onnx"
    assert "mine" not in said(capsys, "list")
    assert "mine             yours" in said(capsys, "list", "--drums")
    shown = said(capsys, "show", "--drums", "mine")
    for word in (
        "small, 590 parameters",
        "CC0-1.0",
        "snare_1",
        "loudness_db        -60 to 0, the middle hit -20",
        "made up",
    ):
        assert word in shown
    assert "fit to use" in said(capsys, "verify", "--drums", "mine")
    assert "removed from" in said(capsys, "remove", "--drums", "mine")
    assert "mine" not in list_mappers()
    assert "nothing was removed" in said(capsys, "remove", "--drums", "mine", code=2)


def test_another_one_of_that_name_is_replaced_only_when_asked(tmp_path):
    add_mapper(mapper_file(tmp_path / "one.onnx", "small")[0])
    other, _ = mapper_file(tmp_path / "other.onnx", "linear")
    with pytest.raises(InstrumentError, match="--replace"):
        add_mapper(other)
    add_mapper(other, replace=True)
    assert load_mapper(find_mapper("toy")).card.kind == "linear"


def test_a_damaged_one_of_your_own_is_listed_with_its_reason(tmp_path, capsys):
    own_folder().mkdir(parents=True)
    changed(own_folder() / "bad.onnx", without_card)
    assert "cannot be used" in said(capsys, "list", "--drums")
    assert main(["models", "verify", "--drums"]) == 2
    assert "bad.onnx" in capsys.readouterr().out


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(InstrumentError, match="no drum mapper called 'gong'"):
        find_mapper("gong")


def test_a_model_can_be_opened_by_others(tmp_path):
    onnx.checker.check_model(str(mapper_file(tmp_path / "toy.onnx", "large")[0]), full_check=True)
