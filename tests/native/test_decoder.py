"""The decoder of the native kernel against onnxruntime."""

import os
import subprocess
import sys

import msgspec
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models import bundle
from ddsp_pi.models.bundle import PARITY_TOLERANCE, load_instrument, parity_error
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.models.graph import weights_of
from ddsp_pi.models.native_decoder import NativeDecoder, NativeNetwork
from ddsp_pi.models.onnx_decoder import OnnxDecoder, OnnxPlayedDecoder, open_session
from ddsp_pi.models.onnx_file import read_onnx
from ddsp_pi.models.touch import touch_columns
from ddsp_pi.native.library import describe, kernel
from ddsp_pi.train.export import wandering
from ddsp_pi.train.graph import build_model
from ddsp_pi.train.networks import GROUPS, Decoder, Scaling, Widths
from tests.conftest import CI
from tests.instruments import SHIPPED_FILES, VIOLIN, changed, own_violin, with_card

SECONDS_60 = 22_500

NEAR, NEAR_BY_NOTES = 1e-5, 3e-5
"""Of the largest amplitude. Where notes are played the level, too, is an exponential of what float32 has
added up: runtime and kernel are each as far as this from float64."""


@pytest.fixture(autouse=True)
def compiled():
    if kernel() is None:
        (pytest.fail if CI else pytest.skip)(describe())


def requests(steps, voices, columns=0):
    """A request per step: (V,) Hz and (V,) dB, and (V, columns) of touch."""
    told = (part.reshape(steps, voices, *part.shape[1:]) for part in wandering(steps * voices, columns))
    return list(zip(*told, strict=True))


def answer(decoder, f0_hz, loudness_db, touch):
    """(V, n_harmonics + n_bands)."""
    if touch.size:
        touch_of(decoder).rows[:] = touch.tolist()
    return np.concatenate(decoder.step(f0_hz, loudness_db), axis=1)


def worst(decoder, oracles, asked):
    """Largest difference of any voice from its oracle, relative to that voice's largest amplitude."""
    found = 0.0
    for request in asked:
        made = answer(decoder, *request)
        for voice, oracle in enumerate(oracles):
            wanted = answer(oracle, *(part[[voice]] for part in request))[0]
            # A note that has died long ago may be below the least of floats.
            found = max(found, float(np.abs(made[voice] - wanted).max() / max(wanted.max(), 1e-12)))
    return found


def oracles_of(content, card, voices):
    """A voice each: with several in a batch onnxruntime rounds the angles of the pitch in another way."""
    session = open_session(content)
    make = OnnxDecoder if card.style is None else OnnxPlayedDecoder
    return [make(session, card) for _ in range(voices)]


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_a_minute_of_every_shipped_instrument_is_what_onnxruntime_plays(path):
    instrument = load_instrument(path)
    assert instrument.kernel == "native"
    oracles = oracles_of(path.read_bytes(), instrument.card, 1)
    asked = requests(SECONDS_60, 1, touch_columns(instrument.card))
    near = NEAR if instrument.card.style is None else NEAR_BY_NOTES
    assert worst(instrument.decoder(), oracles, asked) <= near


@pytest.mark.parametrize("voices", [2, 3, 4, 5, 8, 9])
def test_every_voice_of_a_group_is_what_onnxruntime_plays(voices):
    instrument = load_instrument(VIOLIN)
    oracles = oracles_of(VIOLIN.read_bytes(), instrument.card, voices)
    assert worst(instrument.decoder(voices), oracles, requests(400, voices)) <= NEAR


def test_a_slightly_different_network_is_seen(tmp_path):
    other = own_violin(tmp_path / "dark.onnx")
    oracles = oracles_of(other.read_bytes(), load_instrument(other).card, 1)
    assert worst(load_instrument(VIOLIN).decoder(), oracles, requests(100, 1)) > 1e-2


@st.composite
def networks(draw):
    """Networks of any widths, few of them whole vectors."""
    size = st.integers(1, 11)
    harmonics, bands, silent = draw(st.integers(1, 13)), draw(st.integers(2, 9)), draw(st.integers(0, 3))
    widths = Widths(**{group: draw(size) for group in GROUPS}, harmonics=harmonics, bands=bands)
    torch.manual_seed(draw(st.integers(0, 1000)))
    return Decoder(widths, bands + silent, Scaling(8.0, 1.5, -30.0, 10.0))


@settings(max_examples=30, deadline=None)
@given(networks(), st.integers(1, 6))
def test_any_widths(network, voices):
    content = build_model(network).SerializeToString()
    card = msgspec.structs.replace(
        load_instrument(VIOLIN).card,
        n_harmonics=network.n_harmonics,
        n_bands=network.n_bands,
        hidden=network.widths.gru,
    )
    player = NativeDecoder(NativeNetwork(weights_of(read_onnx(content), card), card), kernel(), voices)
    assert worst(player, oracles_of(content, card, voices), requests(40, voices)) <= NEAR


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), min_size=1, max_size=4))
def test_no_request_does_harm_that_forgetting_does_not_cure(asked):
    decoder, fresh = (load_instrument(VIOLIN).decoder(2) for _ in range(2))
    for f0_hz, loudness_db in asked:
        decoder.step([f0_hz, 440.0], [loudness_db, -20.0])
    decoder.forget(0)
    for _ in asked:
        fresh.step([220.0, 440.0], [-30.0, -20.0])
    fresh.forget(0)
    request = [300.0, 440.0], [-20.0, -20.0]
    for made, wanted in zip(decoder.step(*request), fresh.step(*request), strict=True):
        np.testing.assert_array_equal(made, wanted)


def renamed(model):
    """The same graph by another exporter."""
    for node in model.graph.node:
        node.input[:] = ["squared" if name == "squares" else name for name in node.input]
        node.output[:] = ["squared" if name == "squares" else name for name in node.output]


def with_identity(model):
    model.graph.node.insert(0, onnx.helper.make_node("Identity", ["f0_hz"], ["pitch_hz"]))
    next(node for node in model.graph.node if node.op_type == "Log").input[0] = "pitch_hz"


def with_plain_floats(model):
    """Values in another field of the tensor, as some tools write them."""
    tensor = next(c for c in model.graph.initializer if c.name == "logits.bias")
    values = onnx.numpy_helper.to_array(tensor)
    tensor.CopyFrom(onnx.helper.make_tensor(tensor.name, onnx.TensorProto.FLOAT, values.shape, values))


@pytest.mark.parametrize("change", [renamed, with_identity, with_plain_floats])
def test_a_graph_that_the_kernel_does_not_know_plays_on_onnxruntime(tmp_path, change):
    instrument = load_instrument(changed(tmp_path / "other.onnx", change))
    assert instrument.kernel == "onnxruntime"
    assert parity_error(instrument) < PARITY_TOLERANCE
    native = load_instrument(VIOLIN).decoder()
    assert worst(native, [instrument.decoder()], requests(50, 1)) <= NEAR


def attribute(kind, name, **values):
    def change(model):
        node = next(node for node in model.graph.node if node.op_type == kind)
        node.attribute.remove(next(a for a in node.attribute if a.name == name))
        node.attribute.extend([onnx.helper.make_attribute(name, value) for value in values.values()])

    return change


def number(name, value):
    def change(model):
        tensor = next(c for c in model.graph.initializer if c.name == name)
        old = onnx.numpy_helper.to_array(tensor)
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.full_like(old, value), name))

    return change


MEANINGFUL = {
    "leak": attribute("LeakyRelu", "alpha", alpha=0.2),
    "gates": attribute("GRU", "linear_before_reset", other=0),
    "knots": number("knots", 5.0),
    "weights that are no numbers": number("pitch.2.bias", np.nan),
    "reshaped": number("flat", -1),
}


@pytest.mark.parametrize("name", MEANINGFUL)
def test_a_graph_that_means_something_else_is_never_played_as_ours(tmp_path, name):
    with pytest.raises(InstrumentError, match=r"parity check|not a readable|other\.onnx"):
        load_instrument(changed(tmp_path / "other.onnx", MEANINGFUL[name]))


def test_shapes_that_do_not_fit_the_card_never_reach_the_kernel(tmp_path):
    parity = load_instrument(VIOLIN).card.parity
    fewer = {**msgspec.to_builtins(parity), "harmonics": parity.harmonics[:-1]}
    with pytest.raises(InstrumentError, match="inputs and outputs"):
        load_instrument(changed(tmp_path / "other.onnx", with_card(n_harmonics=79, parity=fewer)))


def test_without_the_kernel_onnxruntime_plays(monkeypatch):
    monkeypatch.setattr(bundle, "kernel", lambda: None)
    assert load_instrument(VIOLIN).kernel == "onnxruntime"


def test_the_native_kernel_plays_without_onnxruntime():
    code = (
        "import sys; from ddsp_pi.models.library import open_instrument\n"
        "instrument = open_instrument('violin'); instrument.decoder(2).step([440.0] * 2, [-20.0] * 2)\n"
        "print(instrument.kernel, 'onnxruntime' in sys.modules, 'onnx' in sys.modules)"
    )
    environment = {**os.environ, "DDSP_PI_KERNEL": "native"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["native", "False", "False"], done.stderr
