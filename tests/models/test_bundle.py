import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models import library
from ddsp_pi.models.bundle import PARITY_TOLERANCE, load_instrument, parity_error
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.models.library import find_instrument, list_instruments
from ddsp_pi.models.touch import HELD_S
from tests.instruments import BY_NOTES, BY_PITCH, SHIPPED_FILES, VIOLIN, changed, one_weight_off, with_card


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_every_shipped_instrument_is_fit_to_play(path):
    instrument = load_instrument(path)
    card = instrument.card
    assert card.name == path.stem
    assert parity_error(instrument) < PARITY_TOLERANCE
    assert path.stat().st_size <= 320_000
    assert card.attribution
    assert "unknown" not in card.licence


def test_the_violin_is_what_it_was_promised_to_be():
    metrics = load_instrument(VIOLIN).card.metrics
    assert metrics["below_static"] >= 0.25
    assert metrics["to_oracle"] >= 0.70
    assert metrics["pitch_within_20_cents"] >= 0.95


@pytest.mark.parametrize("path", BY_PITCH, ids=lambda path: path.stem)
def test_every_shipped_instrument_is_as_loud_as_it_is_asked_to_be(path):
    metrics = load_instrument(path).card.metrics
    assert metrics["loudness_correlation"] >= 0.95
    assert abs(metrics["loudness_bias_db"]) <= 0.5


def anything(decoder):
    """Requests of one voice, sane and not."""
    for f0_hz in (1.0, 20.0, 440.0, 4000.0, 30_000.0):
        for loudness_db in (-120.0, -80.0, -20.0, 0.0):
            yield decoder.step([f0_hz], [loudness_db])


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_every_shipped_instrument_survives_any_request(path):
    for answer in anything(load_instrument(path).decoder()):
        assert all(np.isfinite(part).all() for part in answer)


@pytest.mark.parametrize("path", BY_NOTES, ids=lambda path: path.stem)
def test_one_that_is_played_by_notes_survives_any_touch(path):
    decoder = load_instrument(path).decoder()
    (row,) = touch_of(decoder).rows
    times = [(0.0, HELD_S, 1.0), (1e-4, 0.0, 0.0), (60.0, 1e-3, 0.0), (HELD_S, HELD_S, 1.0), (0.0, 0.0, 1.0)]
    for value in (0.0, 0.5, 1.0):
        for time in times:
            row[:] = [*time, *[value] * (len(row) - len(time))]
            for answer in anything(decoder):
                assert all(np.isfinite(part).all() for part in answer)


def test_reset_forgets():
    decoder = load_instrument(VIOLIN).decoder()
    first = [part.copy() for part in decoder.step([440.0], [-20.0])]
    for _ in range(7):
        decoder.step([880.0], [-5.0])
    decoder.reset()
    for before, after in zip(first, decoder.step([440.0], [-20.0]), strict=True):
        np.testing.assert_array_equal(before, after)


def without_card(model):
    del model.metadata_props[:]


def not_json(model):
    model.metadata_props[0].value = "{broken"


BAD = {
    "no card": (without_card, "no ddsp-pi instrument"),
    "other version": (with_card(format_version=99), "format version 99"),
    "no version": (with_card(format_version=None), "format version None"),
    "fewer harmonics promised": (with_card(n_harmonics=79), "parity vectors do not fit"),
    "other width promised": (with_card(hidden=32), "inputs and outputs"),
    "other rate": (with_card(sample_rate=44_100), "44100 Hz"),
    "other hop": (with_card(hop=64), "hops of 64"),
    "pitch range upside down": (with_card(pitch_range_hz={"low": 900.0, "high": 100.0}), "upside down"),
    "nonsense in a field": (with_card(parameters="many"), "damaged card.*parameters"),
    "a name that is no name": (with_card(name="../../etc"), "damaged card.*name"),
    "card is not JSON": (not_json, "damaged card"),
    "weights changed": (one_weight_off, "fails its parity check"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_instrument_is_refused_with_its_reason(tmp_path, name):
    change, said = BAD[name]
    with pytest.raises(InstrumentError, match=said):
        load_instrument(changed(tmp_path / "changed.onnx", change))


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "half.onnx"
    path.write_bytes(VIOLIN.read_bytes()[:30_000])
    with pytest.raises(InstrumentError, match="not a readable ONNX file"):
        load_instrument(path)


def test_an_onnx_file_of_somebody_else_is_refused(tmp_path):
    port = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "other", [port], [out])
    path = tmp_path / "other.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    with pytest.raises(InstrumentError, match="no ddsp-pi instrument"):
        load_instrument(path)


def test_a_missing_instrument_lists_those_there_are(tmp_path):
    with pytest.raises(InstrumentError, match="violin"):
        find_instrument("viola")
    with pytest.raises(InstrumentError, match="no such instrument file"):
        load_instrument(tmp_path / "none.onnx")


def test_a_players_own_instrument_hides_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    assert list_instruments()["violin"] == VIOLIN
    (tmp_path / "models").mkdir()
    own = tmp_path / "models" / "violin.onnx"
    own.write_bytes(VIOLIN.read_bytes())
    assert library.list_instruments()["violin"] == own
