"""Decoders that are played by notes: torch, onnxruntime and the native kernel answer alike."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import PARITY_TOLERANCE, load_instrument
from ddsp_pi.models.card import Controller, SecondBank, Spectrum, Style
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.models.graph import weights_of
from ddsp_pi.models.native_decoder import NativeNetwork, NativePlayedDecoder
from ddsp_pi.models.onnx_decoder import OnnxPlayedDecoder, open_session
from ddsp_pi.models.onnx_file import read_onnx
from ddsp_pi.models.touch import CONTROLS, HELD_S
from ddsp_pi.native.library import describe, kernel
from ddsp_pi.train.export import Origin, make_card, wandering, write_instrument
from ddsp_pi.train.features import Features
from ddsp_pi.train.graph import build_model
from ddsp_pi.train.networks import GROUPS, Decoder, Scaling, Widths, numbers_of, rounded
from ddsp_pi.train.reader import read_decoder
from tests.conftest import CI
from tests.instruments import VIOLIN

SCALING = Scaling(8.0, 1.5, -30.0, 10.0)
OPENNESS = Controller("openness", "how open", 1.0, 55)
FIFTH = Controller("fifth", "a power chord", 0.0, 56)


@pytest.fixture(autouse=True)
def compiled():
    if kernel() is None:
        (pytest.fail if CI else pytest.skip)(describe())


def style_of(widths):
    controllers = (OPENNESS, FIFTH)[: widths.touch - CONTROLS]
    return Style(controllers, SecondBank(widths.ratio, widths.second, "fifth") if widths.second else None)


def card_of(network):
    return msgspec.structs.replace(
        load_instrument(VIOLIN).card,
        n_harmonics=network.n_harmonics,
        n_bands=network.n_bands,
        hidden=0,
        style=style_of(network.widths),
    )


def network_of(widths, seed=0, n_bands=None):
    torch.manual_seed(seed)
    return Decoder(widths, n_bands or widths.bands, SCALING)


@st.composite
def networks(draw):
    """Networks of any widths, few of them whole vectors."""
    size = st.integers(1, 11)
    first, bands, silent = draw(st.integers(1, 13)), draw(st.integers(2, 9)), draw(st.integers(0, 3))
    controls = draw(st.integers(0, 2))
    second = draw(st.integers(1, 6)) if controls == 2 else 0
    sizes = {group: draw(size) for group in GROUPS} | {"gru": 0}
    widths = Widths(
        **sizes, harmonics=first + second, bands=bands, touch=CONTROLS + controls, second=second, ratio=1.5
    )
    return network_of(widths, draw(st.integers(0, 1000)), bands + silent)


def steps(players, told, voices):
    """What each of some players answers to (steps · V,) requests, as they are dealt out to V voices."""
    f0_hz, loudness_db, touch = (part.reshape(-1, voices, *part.shape[1:]) for part in told)
    for player in players:
        answers = []
        for request in zip(f0_hz, loudness_db, touch, strict=True):
            touch_of(player).rows[:] = request[2].tolist()
            answers.append(np.concatenate(player.step(*request[:2]), axis=1))
        yield np.concatenate(answers)


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(1, 6))
def test_any_widths(network, voices):
    content, card = build_model(network).SerializeToString(), card_of(network)
    native = NativePlayedDecoder(NativeNetwork(weights_of(read_onnx(content), card), card), kernel(), voices)
    oracle = OnnxPlayedDecoder(open_session(content), card, voices)
    told = wandering(30 * voices, network.widths.touch)
    with torch.no_grad():
        wanted = torch.cat(network(*(torch.from_numpy(part)[None] for part in told)), -1)[0].numpy()
    loudest = wanted.max(axis=1, keepdims=True)
    for made in steps([native, oracle], told, voices):
        assert np.abs((made - wanted) / loudest).max() <= PARITY_TOLERANCE


def written(network, path):
    """An instrument file of a network that has learned nothing."""
    rounded_network = rounded(network)
    hops, columns = 20, network.widths.touch
    recording = Features(
        *("none", np.zeros(hops * 128, np.float32), np.geomspace(80.0, 1200.0, hops + 1, dtype=np.float32)),
        *(np.ones(hops + 1, np.float32), np.linspace(-50.0, -5.0, hops + 1, dtype=np.float32)),
        np.zeros((hops + 1, network.n_harmonics), np.float32),
        np.zeros((hops + 1, network.n_bands), np.float32),
        np.linspace(-50.0, -5.0, hops + 1, dtype=np.float32),
        np.zeros((hops + 1, columns), np.float32),
    )
    flat = Spectrum((100.0, 10_000.0), (0.0, 0.0), (0.0,) * network.n_bands)
    card = make_card(
        *(rounded_network, Origin("plucked"), [recording], flat),
        metrics={},
        history=(),
        held_out=(),
        style=style_of(network.widths),
    )
    write_instrument(rounded_network, card, path)
    return rounded_network


@pytest.fixture
def plucked(tmp_path):
    widths = Widths(
        **dict.fromkeys(GROUPS, 16) | {"gru": 0}, harmonics=36, bands=9, touch=5, second=12, ratio=1.5
    )
    network = written(network_of(widths), tmp_path / "plucked.onnx")
    return network, load_instrument(tmp_path / "plucked.onnx")


def test_the_file_is_loaded_checked_and_played_by_the_kernel(plucked):
    network, instrument = plucked
    assert instrument.kernel == "native"
    assert instrument.card.hidden == 0
    assert instrument.card.style == style_of(network.widths)
    assert touch_of(instrument.decoder(2)).rows == [[HELD_S, HELD_S, 0.0, 1.0, 0.0]] * 2


def test_the_file_is_read_back(plucked):
    network, instrument = plucked
    again = read_decoder(instrument.path, instrument.card)
    assert msgspec.to_builtins(again.widths) == msgspec.to_builtins(network.widths)
    told = [torch.from_numpy(part)[None] for part in wandering(50, 5)]
    with torch.no_grad():
        for made, wanted in zip(again(*told), network(*told), strict=True):
            torch.testing.assert_close(made, wanted, rtol=1e-3, atol=1e-6)


def test_the_second_bank_stands_at_its_ratio_and_counts_in_the_level(plucked):
    network, instrument = plucked
    numbers = numbers_of(network.widths).numpy()
    assert numbers[:24].tolist() == list(range(1, 25))
    assert numbers[24:].tolist() == [1.5 * k for k in range(1, 13)]
    decoder = instrument.decoder()
    touch_of(decoder).strike(0)
    levels = []
    for asked in (-30.0, -20.0):
        harmonics, noise = decoder.step([220.0], [asked])
        partials = (a_weighting(220.0 * numbers) * harmonics[0]) ** 2 / 2.0
        levels.append(10.0 * np.log10(partials.sum() + noise[0] ** 2 @ band_power(9, a_weighted=True)))
    # The strength may depend on what is asked for, a little in a network that has learned nothing.
    assert levels[1] - levels[0] == pytest.approx(10.0, abs=2.0)


def test_an_answer_depends_on_the_request_alone(plucked):
    _, instrument = plucked
    decoder, fresh = instrument.decoder(), instrument.decoder()
    for f0_hz, loudness_db, row in zip(*wandering(50, 5), strict=True):
        touch_of(decoder).rows[0][:] = row.tolist()
        decoder.step([f0_hz], [loudness_db])
    for player in (decoder, fresh):
        touch_of(player).rows[0][:] = [0.3, HELD_S, 1.0, 0.5, 1.0]
    for made, wanted in zip(decoder.step([220.0], [-20.0]), fresh.step([220.0], [-20.0]), strict=True):
        np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("column", range(5))
def test_every_column_of_the_touch_is_heard(plucked, column):
    _, instrument = plucked
    decoder = instrument.decoder()
    row = [0.3, 0.1, 0.0, 0.2, 0.2]
    touch_of(decoder).rows[0][:] = row
    before = np.concatenate(decoder.step([220.0], [-20.0]), axis=1).copy()
    touch_of(decoder).rows[0][column] = row[column] + 0.3
    after = np.concatenate(decoder.step([220.0], [-20.0]), axis=1)
    assert np.abs(np.log(after / before)).max() > 1e-5


def test_who_listens_has_no_touch():
    with pytest.raises(InstrumentError, match="not by notes"):
        touch_of(load_instrument(VIOLIN).decoder())
