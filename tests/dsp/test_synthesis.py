"""Both synthesizers against float64: what their controls mean."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.envelope import Envelopes, Shape
from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.dsp.synthesis import NOISE_GAIN, PARTIALS, TILTED, NumpySynth
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.references import decibels, glide, open_gates, play_hops, sum_of_sines

K, B = 40, 65
SHAPE = Shape(0.01, 0.05, 0.4, 0.03)


@pytest.fixture(params=["numpy", "native"])
def make(request):
    """Makes a synthesizer of either kind."""
    if request.param == "numpy":
        return NumpySynth
    library = request.getfixturevalue("library")
    return lambda *sizes: NativeSynth(library, *sizes)


def ask(synth, harmonics=None, noise=None, **controls):
    """Set what is asked for, and begin the hop."""
    synth.controls.asked[0][:] = 0.0 if harmonics is None else harmonics
    synth.controls.asked[1][:] = 0.0 if noise is None else noise
    for name, value in controls.items():
        getattr(synth.controls, name)[:] = value
    synth.begin_hop()


def steady(synth, hops=200, **asked):
    """Audio of controls that stand still, gates open."""
    open_gates(synth)
    ask(synth, **asked)
    parts = []
    for _ in range(hops):
        ask(synth, **asked)
        parts.append(synth.render(0, HOP).copy())
    return np.concatenate(parts).astype(np.float64)


def spectra(hops, n=K):
    return np.random.default_rng(2).uniform(0.0, 1.0, (hops + 1, n)).astype(np.float32)


@pytest.mark.parametrize(("low", "high"), [(60.0, 1500.0), (5000.0, 30.0), (500.0, 500.0)])
@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5)])
def test_harmonics_are_a_sum_of_sines(make, low, high, sizes):
    f0_hz, harmonics = glide(low, high, 100), spectra(100)
    made = play_hops(make(1, K, B), f0_hz, harmonics, np.zeros((101, B), np.float32), sizes)
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    assert decibels(made - wanted, wanted) < -90.0


def test_what_is_asked_for_fades_in_over_its_hop(make):
    synth, asked = make(1, K, B), spectra(20)
    open_gates(synth)
    parts = []
    for row in asked:
        ask(synth, row)
        parts.append(synth.render(0, HOP).copy())
    # The first hop begins with silence.
    ends = np.concatenate([np.zeros((1, K)), asked])
    wanted = sum_of_sines(np.full(len(asked) * HOP, 440.0), ends)
    assert decibels(np.concatenate(parts) - wanted, wanted) < -90.0


def test_levels_go_straight_from_hop_to_hop(make):
    levels = np.random.default_rng(3).uniform(0.0, 1.0, 21)
    synth, parts = make(1, 1, B), []
    open_gates(synth)
    ask(synth, 0.5)
    synth.controls.level[0] = levels[0]
    for level in levels[1:]:
        synth.controls.level[1] = level
        ask(synth, 0.5)
        parts += [synth.render(0, 50).copy(), synth.render(50, HOP - 50).copy()]
    at = np.arange(20 * HOP)
    wanted = 0.5 * np.sin(2.0 * np.pi * 440.0 * at / SAMPLE_RATE) * np.interp(at, np.arange(21) * HOP, levels)
    assert decibels(np.concatenate(parts) - wanted, wanted) < -90.0


def test_pitch_and_level_go_on_from_where_they_were_put_in_the_hop(make):
    synth = make(1, 1, B)
    open_gates(synth)
    ask(synth, 1.0)
    ask(synth, 1.0, f0_hz=[[300.0], [300.0]])
    begin = synth.render(0, 40).copy()
    synth.controls.f0_hz[:], synth.controls.level[:] = 900.0, 0.5
    end = synth.render(40, HOP - 40)
    f0_hz = np.repeat([300.0, 900.0], [40, HOP - 40])
    phase = np.concatenate([[0.0], np.cumsum(f0_hz[:-1] / SAMPLE_RATE)])
    wanted = np.sin(2.0 * np.pi * phase) * np.repeat([1.0, 0.5], [40, HOP - 40])
    assert decibels(np.concatenate([begin, end]) - wanted, wanted) < -90.0


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, HOP - 1), unique=True, max_size=4).map(sorted), data=st.data())
def test_gates_are_those_of_the_envelopes(library, cuts, data):
    for make in (NumpySynth, lambda *sizes: NativeSynth(library, *sizes)):
        synth, envelopes, made, wanted = make(2, 1, B), Envelopes(2), [], []
        for gates in (envelopes, synth.controls.envelopes):
            for voice in range(2):
                gates.shape(voice, SHAPE)
        synth.controls.level[:], synth.controls.f0_hz[:] = 1.0, [[3000.0, 5000.0]]
        ask(synth, [[0.3], [0.6]])
        edges = {}
        for hop in range(30):
            ask(synth, [[0.3], [0.6]])
            for begin, end in pairwise([0, *cuts, HOP]):
                gain = np.empty((2, end - begin), np.float32)
                for voice in range(2):
                    place = (hop, begin, voice)
                    if place not in edges:
                        edges[place] = (hop * 7 + begin + voice) % 5
                    if edges[place] < 2:
                        for gates in (envelopes, synth.controls.envelopes):
                            gates.move(voice, edges[place] == 0)
                    envelopes.render(voice, gain[voice])
                made.append(synth.render(begin, end - begin).copy())
                wanted.append(gain)
        at, gains = np.arange(30 * HOP) / SAMPLE_RATE, np.concatenate(wanted, axis=1)
        sines = [a * np.sin(2.0 * np.pi * f * at) for a, f in ((0.3, 3000.0), (0.6, 5000.0))]
        both = gains[0] * sines[0] + gains[1] * sines[1]
        assert decibels(np.concatenate(made) - both, both) < -85.0


def test_a_closed_gate_keeps_the_phase_going(make):
    synth, made = make(1, 1, B), []
    ask(synth, 1.0, level=1.0)
    for hop in range(20):
        ask(synth, 1.0)
        if hop in (0, 12):
            synth.controls.envelopes.move(0, True)
        if hop == 5:
            synth.controls.envelopes.move(0, False)
        made.append(synth.render(0, HOP).copy())
    audio, at = np.concatenate(made), np.arange(20 * HOP)
    wanted = np.sin(2.0 * np.pi * 440.0 * at / SAMPLE_RATE)
    wanted[5 * HOP : 12 * HOP] = 0.0
    assert decibels(audio - wanted, wanted) < -85.0


@pytest.mark.parametrize("unit", [0.25, 1.0, 7.0])
def test_unit_brings_what_is_asked_for_to_level_one(make, unit):
    synth = make(2, 3, B)
    ask(synth, np.ones((2, 3)), np.ones((2, B)), unit=[unit, 2.0 * unit])
    for row in (synth.controls.harmonics[1], synth.controls.noise[1]):
        np.testing.assert_allclose(row[0], unit, rtol=1e-6)
        np.testing.assert_allclose(row[1], 2.0 * unit, rtol=1e-6)


def test_every_voice_adds_its_own(make):
    levels, pitches = (0.2, 0.5, 1.0), (200.0, 301.0, 997.0)
    synth = make(3, 1, B)
    synth.controls.f0_hz[:] = pitches
    open_gates(synth)
    synth.controls.level[:] = levels
    ask(synth, 1.0)
    ask(synth, 1.0)
    at = np.arange(HOP) / SAMPLE_RATE
    wanted = sum(a * np.sin(2.0 * np.pi * f * at) for a, f in zip(levels, pitches, strict=True))
    assert decibels(synth.render(0, HOP) - wanted, wanted) < -90.0


def test_noise_has_the_power_of_its_bands(make):
    magnitudes = np.zeros(B)
    magnitudes[10:20] = 0.3
    audio = steady(make(1, 1, B), 1500, noise=magnitudes)
    assert np.mean(audio**2) == pytest.approx(magnitudes**2 @ band_power(B), rel=0.1)
    power = np.abs(np.fft.rfft(audio)) ** 2
    inside = slice(*(round(band * len(power) / (B - 1)) for band in (9, 20)))
    assert power[inside].sum() > 0.999 * power.sum()


@pytest.mark.parametrize("gain", [0.0, 0.5, 2.0])
def test_the_gain_of_the_noise_is_of_the_noise_alone(make, gain):
    plain, noisy, turned = (
        steady(make(1, 1, B), 20, harmonics=0.1, noise=noise, knobs=[gain, 1.0, 0.0])
        for noise, gain in ((0.0, 1.0), (0.1, 1.0), (0.1, gain))
    )
    difference, wanted = turned - plain, gain * (noisy - plain)
    assert np.square(difference - wanted).sum() < 1e-9 * np.square(noisy - plain).sum()


def test_voices_have_noises_of_their_own(make):
    together = steady(make(2, 1, B), 400, noise=0.1)
    first, second = steady(make(1, 1, B), 400, noise=0.1), None
    second = together - first
    assert np.mean(second**2) == pytest.approx(np.mean(first**2), rel=0.2)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


@pytest.mark.parametrize("tilt", [-1.0, -0.3, 0.5, 1.0])
@pytest.mark.parametrize("f0_hz", [60.0, 440.0, 2000.0])
def test_tilt_keeps_the_a_weighted_loudness_and_turns_the_slope(make, tilt, f0_hz):
    synth, numbers = make(2, K, B), np.arange(1, K + 1)
    asked = np.exp(-numbers / 10.0)
    knobs, gains = [1.0, K, 1.0], numbers**tilt
    ask(synth, asked, f0_hz=f0_hz, unit=[1.0, 3.0], knobs=knobs, tilt=gains)
    made = synth.controls.harmonics[1].astype(np.float64)
    weights = a_weighting(numbers * f0_hz)
    powers = ((weights * np.stack([asked, made[0], made[1] / 3.0])) ** 2).sum(axis=1)
    np.testing.assert_allclose(powers, powers[0], rtol=1e-4)
    slope = made / asked / gains
    np.testing.assert_allclose(slope, slope[:, :1].repeat(K, axis=1), rtol=1e-4)


def test_a_tilt_of_nothing_stays_nothing(make):
    synth = make(1, K, B)
    ask(synth, 0.0, knobs=[1.0, K, 1.0], tilt=np.arange(1, K + 1))
    assert not synth.controls.harmonics[1].any()


def test_the_tilt_counts_only_if_it_is_switched_on(make):
    synth = make(1, K, B)
    ask(synth, 1.0, tilt=np.arange(1, K + 1))
    np.testing.assert_array_equal(synth.controls.harmonics[1], 1.0)


@pytest.mark.parametrize("most", [0, 1, 7, K])
def test_only_so_many_harmonics_are_played(make, most):
    audio = steady(make(1, K, B), 8, harmonics=0.1, knobs=[1.0, most, 0.0])
    harmonics = np.zeros((9, K))
    harmonics[:, :most] = 0.1
    wanted = sum_of_sines(np.full(8 * HOP, 440.0), harmonics)
    assert np.square(audio - wanted).sum() <= 1e-9 * np.square(wanted).sum()


def test_harmonics_that_are_left_out_fade_over_a_hop(make):
    synth = make(1, K, B)
    open_gates(synth)
    for _ in range(2):
        ask(synth, 0.1)
    synth.controls.knobs[PARTIALS] = 10
    ask(synth, 0.1)
    ends = np.full((2, K), 0.1)
    ends[1, 10:] = 0.0
    wanted = sum_of_sines(np.full(HOP, 440.0), ends)
    assert decibels(synth.render(0, HOP) - wanted, wanted) < -90.0


def test_reset_is_as_new(make):
    used, new = make(2, K, B), make(2, K, B)
    steady(used, 5, harmonics=0.1, noise=0.1, f0_hz=300.0)
    used.reset()
    made = [steady(synth, 5, harmonics=0.1, noise=0.1, f0_hz=300.0) for synth in (used, new)]
    np.testing.assert_array_equal(made[0], made[1])


def test_reset_is_silent(make):
    synth = make(2, K, B)
    steady(synth, 5, harmonics=0.1, noise=0.1)
    synth.reset()
    ask(synth, 1.0, 1.0)
    assert not synth.render(0, HOP).any()


@pytest.mark.parametrize("n", [10, K, 80])
def test_one_follows_another_in_phase_noise_gates_and_spectrum(make, n):
    first, second = make(2, K, B), make(2, n, B)
    for voice, shape in enumerate((SHAPE, Shape(0.0, 0.0, 1.0, 1.0))):
        first.controls.envelopes.shape(voice, shape)
        first.controls.envelopes.move(voice, True)
    harmonics = np.zeros((2, K))
    harmonics[:, :10] = 0.1
    first.controls.level[:], first.controls.f0_hz[:] = 0.7, [[200.0, 333.0]]
    for _ in range(7):
        ask(first, harmonics, 0.05)
        first.render(0, HOP)
    second.follow(first)
    second.controls.level[:], second.controls.f0_hz[:] = first.controls.level, first.controls.f0_hz
    more = np.zeros((2, n))
    more[:, :10] = 0.1
    for synth, asked in ((first, harmonics), (second, more)):
        for voice in range(2):
            synth.controls.envelopes.shape(voice, SHAPE)
        ask(synth, asked, 0.05)
    made, wanted = (synth.render(0, HOP).copy() for synth in (second, first))
    assert decibels(made - wanted, wanted) < -110.0
    assert wanted.any()


def test_the_knobs_begin_with_everything(make):
    controls = make(1, K, B).controls
    assert [controls.knobs[i] for i in (NOISE_GAIN, PARTIALS, TILTED)] == [1.0, K, 0.0]
