"""The synthesizer in C against its oracle in numpy, and against float64."""

import ctypes
import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.noise import PASS_HOPS
from ddsp_pi.dsp.synthesis import NOISE_GAIN, PARTIALS, TILTED, NumpySynth
from ddsp_pi.frame import HOP
from ddsp_pi.native.build import compile_kernel
from tests.references import decibels, glide, open_gates, play_hops, sum_of_sines

K, B = 100, 65
HOPS = 12


def ask(synth, rng, lowest_hz=20.0, highest_hz=4000.0):
    """Fill the controls of the next hop at random, the same for the same generator."""
    controls = synth.controls
    voices = controls.voices
    controls.f0_hz[1] = np.exp(rng.uniform(np.log(lowest_hz), np.log(highest_hz), voices))
    controls.level[1] = rng.uniform(0.0, 1.0, voices)
    controls.asked[0][:] = rng.exponential(0.1, (voices, K)) * np.exp(-np.arange(K) / 20.0)
    controls.asked[1][:] = rng.exponential(0.01, (voices, B))
    controls.unit[:] = rng.uniform(0.5, 2.0, voices)
    controls.knobs[NOISE_GAIN] = rng.uniform(0.0, 2.0)
    controls.knobs[PARTIALS] = rng.integers(0, K + 1)
    controls.knobs[TILTED] = float(rng.uniform() < 0.5)
    controls.tilt[:] = np.arange(1, K + 1) ** rng.uniform(-1.0, 1.0)
    for voice in range(voices):
        controls.envelopes.shape(voice, Shape(*rng.uniform(0.0, [0.01, 0.1, 1.0, 0.02])))


def move(synth, rng):
    for voice in range(synth.controls.voices):
        if rng.uniform() < 0.3:
            synth.controls.envelopes.move(voice, bool(rng.uniform() < 0.6))
        if rng.uniform() < 0.1:
            synth.controls.f0_hz[0, voice] = rng.uniform(50.0, 1000.0)


def perform(synth, seed, cuts, **ranges):
    """Some hops, cut into pieces at which gates move and pitches jump."""
    rng, parts = np.random.default_rng(seed), []
    for hop in range(HOPS):
        ask(synth, rng, **ranges)
        synth.begin_hop()
        places = [0, *(cuts if hop % 2 else ()), HOP]
        for begin, end in pairwise(places):
            move(synth, rng)
            parts.append(synth.render(begin, end - begin).copy())
    return np.concatenate(parts)


def both(library, voices):
    return NumpySynth(voices, K, B), NativeSynth(library, voices, K, B)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    voices=st.integers(1, 8),
    cuts=st.lists(st.integers(1, HOP - 1), unique=True, max_size=4).map(sorted),
)
def test_it_plays_what_numpy_plays(library, seed, voices, cuts):
    oracle, native = both(library, voices)
    wanted, made = perform(oracle, seed, cuts), perform(native, seed, cuts)
    assert np.sum((made - wanted) ** 2) <= 1e-10 * np.sum(wanted**2)  # −100 dB, silence included
    np.testing.assert_allclose(native.controls.envelopes.table, oracle.controls.envelopes.table, rtol=1e-9)
    np.testing.assert_allclose(native.controls.f0_hz, oracle.controls.f0_hz, rtol=1e-12)


@pytest.mark.parametrize("ranges", [(20.0, 60.0), (15_000.0, 30_000.0), (23_000.0, 39_000.0)])
def test_it_plays_what_numpy_plays_at_the_ends_of_the_range(library, ranges):
    oracle, native = both(library, 2)
    low, high = ranges
    wanted, made = (perform(s, 3, [37], lowest_hz=low, highest_hz=high) for s in (oracle, native))
    assert np.abs(made - wanted).max() < 2e-5


def test_the_hop_in_which_the_noise_fades_to_another_place(library):
    outs = []
    for synth in both(library, 1):
        synth.controls.level[:] = 1.0
        synth.controls.envelopes.move(0, True)
        hops = []
        for _ in range(260):
            synth.controls.asked[1][:] = 0.1
            synth.begin_hop()
            hops.append(synth.render(0, HOP).copy())
        outs.append(np.concatenate(hops))
    assert decibels(outs[1] - outs[0], outs[0]) < -110.0


def amplitudes(hops, n=K):
    return np.random.default_rng(0).uniform(0.0, 1.0, (hops + 1, n)).astype(np.float32)


def tone(library, f0_hz, harmonics, sizes=(HOP,)):
    """Harmonics alone, the gate wide open."""
    noise = np.zeros((len(harmonics), B), np.float32)
    return play_hops(NativeSynth(library, 1, harmonics.shape[1], B), f0_hz, harmonics, noise, sizes)


def against_float64(library, f0_hz, harmonics, sizes=(HOP,)):
    """Error in dB."""
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    return decibels(tone(library, f0_hz, harmonics, sizes) - wanted, wanted)


GLIDES = [(40.0, 2000.0), (2000.0, 40.0), (220.0, 220.0), (40.0, 40.0), (1000.0, 1000.0), (3000.0, 30_000.0)]


@pytest.mark.parametrize(("low", "high"), GLIDES)
@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5), (64,)])
def test_harmonics_are_within_105_db_of_a_float64_sum_of_sines(library, low, high, sizes):
    assert against_float64(library, glide(low, high, 300), amplitudes(300), sizes) < -105.0


@pytest.mark.parametrize(("low", "high"), [(30.0, 12_000.0), (30_000.0, 20.0), (100.0, 400.0)])
def test_a_leap_within_one_hop_leaves_out_what_reaches_nyquist_sample_by_sample(library, low, high):
    assert against_float64(library, glide(low, high, 1), amplitudes(1)) < -105.0


@pytest.mark.parametrize("f0_hz", [24_000.0 / 7, 24_000.0 / 9, 1000.0, 24_000.0 / 97])
def test_a_harmonic_right_at_nyquist_is_silent(library, f0_hz):
    assert against_float64(library, np.full(10 * HOP + 1, f0_hz), amplitudes(10)) < -105.0


def test_above_nyquist_there_is_nothing(library):
    assert not tone(library, np.full(HOP + 1, 24_000.0), amplitudes(1)).any()


@pytest.mark.parametrize("kept", [0, 1, 8, 9, 10, 77])
def test_the_last_harmonics_may_be_switched_off(library, kept):
    f0_hz, harmonics = glide(90.0, 110.0, 4), amplitudes(4)
    harmonics[:, kept:] = 0.0
    if kept:
        assert against_float64(library, f0_hz, harmonics) < -105.0
    else:
        assert not tone(library, f0_hz, harmonics).any()


@pytest.mark.parametrize("n", [1, 2, 8, 9, 10, 17, 18, 19, 100])
def test_any_number_of_harmonics_fits_its_groups(library, n):
    assert against_float64(library, glide(90.0, 110.0, 4), amplitudes(4, n)) < -105.0


@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5)])
def test_a_harmonic_that_begins_or_ends_in_the_hop_is_heard(library, sizes):
    harmonics = np.zeros((3, K), np.float32)
    harmonics[1, 99] = 1.0
    assert against_float64(library, np.full(2 * HOP + 1, 150.0), harmonics, sizes) < -100.0


@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5), (1,)])
def test_noise_is_that_of_numpy_over_the_fade_and_round_the_places(library, sizes):
    native, numpy = NativeSynth(library, 1, 1, B), NumpySynth(1, 1, B)
    native._voices[:, 1:] = 60, PASS_HOPS - 3, 0
    numpy._noises[0]._pass, numpy._noises[0]._hop = 60, PASS_HOPS - 3
    f0_hz, noise = np.full(6 * HOP + 1, 100.0), amplitudes(6, B)
    made, wanted = (play_hops(s, f0_hz, np.zeros((7, 1), np.float32), noise, sizes) for s in (native, numpy))
    assert decibels(made - wanted, wanted) < -120.0
    assert native._voices[0, 1:].tolist() == [61, 4, 0]


@pytest.fixture(scope="module")
def plain(compiler, tmp_path_factory):
    """The variant for a PC without AVX2."""
    path, patch = tmp_path_factory.mktemp("plain") / "plain.so", pytest.MonkeyPatch()
    with patch.context() as environment:
        environment.setenv("CC", f"{compiler} -DHAS_WIDE=0")
        assert compile_kernel(path) is None
    return ctypes.CDLL(os.fspath(path))


def test_the_variant_for_every_pc_plays_the_same(plain):
    f0_hz, harmonics, noise = glide(40.0, 2000.0, 30), amplitudes(30), amplitudes(30, B)
    made, wanted = (play_hops(synth, f0_hz, harmonics, noise) for synth in both(plain, 1))
    assert decibels(made - wanted, wanted) < -100.0
    made, wanted = (perform(synth, 11, [9, 77]) for synth in both(plain, 5))
    assert decibels(made - wanted, wanted) < -100.0


NO_PITCHES = (np.nan, np.inf, -np.inf, -100.0, 0.0, 1e300, 1e6)


@pytest.mark.parametrize("pitch", NO_PITCHES)
def test_a_pitch_that_is_none_does_no_harm(library, pitch):
    synth = NativeSynth(library, 1, K, B)
    open_gates(synth)
    synth.controls.harmonics[:] = 1.0
    for ends in ((pitch, pitch), (440.0, pitch), (pitch, 440.0)):
        synth.controls.f0_hz[:, 0] = ends
        assert np.isfinite(synth.render(0, HOP)).all()


@pytest.mark.parametrize("pitch", NO_PITCHES)
def test_after_a_pitch_that_is_none_the_next_one_plays(library, pitch):
    synth = NativeSynth(library, 1, K, B)
    open_gates(synth)
    synth.controls.f0_hz[:] = pitch
    synth.controls.asked[0][:] = 1.0
    for _ in range(3):
        synth.begin_hop()
        synth.render(0, HOP)
    synth.controls.f0_hz[:] = 440.0
    assert np.abs(synth.render(0, HOP)).max() > 0.1


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("tilted", [0.0, 1.0])
def test_amplitudes_that_are_not_finite_are_forgotten(library, wrong, tilted):
    synth = NativeSynth(library, 1, K, B)
    open_gates(synth)
    synth.controls.knobs[TILTED] = tilted
    heard = []
    for value in (wrong, 1.0, 1.0, 1.0):
        for asked in synth.controls.asked:
            asked[:] = value
        synth.begin_hop()
        heard.append(bool(np.isfinite(synth.render(0, HOP)).all()))
    assert heard == [False, False, True, True]


def test_a_silent_voice_that_is_not_finite_is_not_heard(library):
    synth = NativeSynth(library, 2, K, B)
    open_gates(synth)
    synth.controls.envelopes.table[1, :2] = 0.0
    synth.controls.harmonics[:, 0], synth.controls.harmonics[:, 1] = 0.1, np.nan
    assert np.isfinite(synth.render(0, HOP)).all()


@pytest.mark.parametrize("voices", [1, 3, 8])
def test_a_voice_is_not_changed_by_the_others(library, voices):
    rng = np.random.default_rng(4)
    many = NativeSynth(library, voices, K, B)
    open_gates(many)
    many.controls.harmonics[:] = rng.uniform(0.0, 0.1, many.controls.harmonics.shape)
    many.controls.f0_hz[:] = rng.uniform(100.0, 900.0, voices)
    wanted = np.zeros(HOP)
    for voice in range(voices):
        alone = NativeSynth(library, 1, K, B)
        open_gates(alone)
        alone.controls.harmonics[:, 0] = many.controls.harmonics[:, voice]
        alone.controls.f0_hz[:, 0] = many.controls.f0_hz[:, voice]
        wanted += alone.render(0, HOP)
    assert decibels(many.render(0, HOP) - wanted, wanted) < -110.0


@pytest.mark.parametrize("bands", [2, 5, 33, 65])
@pytest.mark.parametrize("n", [1, 30, 60, 100])
def test_instruments_of_any_size(library, bands, n):
    made, wanted = (
        play_hops(synth, glide(200.0, 900.0, 6), amplitudes(6, n), amplitudes(6, bands), (50, 13))
        for synth in (NativeSynth(library, 1, n, bands), NumpySynth(1, n, bands))
    )
    assert decibels(made - wanted, wanted) < -100.0


def test_pieces_of_one_sample_make_the_same_hop(library):
    whole, split = (NativeSynth(library, 2, K, B) for _ in range(2))
    rng_of = lambda: np.random.default_rng(8)  # noqa: E731
    made = []
    for synth, size in ((whole, HOP), (split, 1)):
        rng, parts = rng_of(), []
        for _ in range(4):
            ask(synth, rng)
            synth.begin_hop()
            synth.controls.envelopes.move(0, True)
            parts += [synth.render(begin, size).copy() for begin in range(0, HOP, size)]
        made.append(np.concatenate(parts))
    assert decibels(made[1] - made[0], made[0]) < -100.0


@pytest.mark.parametrize("n", [30, K])
def test_one_follows_another_of_any_number_of_harmonics(library, n):
    made = []
    for make in (NumpySynth, lambda *sizes: NativeSynth(library, *sizes)):
        first, second = make(2, K, B), make(2, n, B)
        perform(first, 5, [])
        open_gates(first)
        second.follow(first)
        made.append(second.render(0, HOP).copy())
        assert made[-1].any()
    assert decibels(made[1] - made[0], made[0]) < -100.0


def test_who_follows_goes_on_without_a_seam(library):
    first, second = (NativeSynth(library, 2, K, B) for _ in range(2))
    perform(first, 6, [40])
    second.follow(first)
    for synth in (first, second):
        open_gates(synth)
        for asked in synth.controls.asked:
            asked[:] = 0.1
        synth.controls.unit[:] = synth.controls.knobs[NOISE_GAIN] = 1.0
        synth.controls.knobs[PARTIALS], synth.controls.knobs[TILTED] = K, 0.0
        synth.begin_hop()
    np.testing.assert_array_equal(second.render(0, HOP), first.render(0, HOP))


def test_reset_begins_again(library):
    synth = NativeSynth(library, 3, K, B)
    first = perform(synth, 1, [9])
    synth.reset()
    for control in (synth.controls.level, synth.controls.harmonics, synth.controls.noise, synth._voices):
        assert not control.any()
    assert (synth.controls.f0_hz == 440.0).all()
    np.testing.assert_array_equal(perform(synth, 1, [9]), first)
