import ctypes
import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.noise import PASS_HOPS
from ddsp_pi.dsp.synthesis import NumpySynth
from ddsp_pi.frame import HOP
from ddsp_pi.native.build import compile_kernel
from tests.references import blocks, decibels, sum_of_sines

K, BANDS = 100, 65


def glide(low, high, hops):
    """(hops · HOP + 1,) Hz, in straight lines from hop to hop."""
    knots = low * (high / low) ** (np.arange(hops + 1) / hops)
    return np.interp(np.arange(hops * HOP + 1), np.arange(hops + 1) * HOP, knots)


def amplitudes(hops, n=K):
    return np.random.default_rng(0).uniform(0, 1, (hops + 1, n)).astype(np.float32)


def play(synth, f0_hz, harmonics, noise, sizes=(HOP,)):
    """One voice, wide open."""
    controls, out = synth.controls, np.empty(len(f0_hz) - 1, np.float32)
    controls.level[:], controls.gain[:] = 1.0, 1.0
    for at in blocks(len(out), sizes):
        hop, begin = divmod(at.start, HOP)
        controls.f0_hz[:, 0] = f0_hz[[at.start, at.stop]]
        controls.harmonics[:, 0], controls.noise[:, 0] = harmonics[hop : hop + 2], noise[hop : hop + 2]
        out[at] = synth.render(begin, at.stop - at.start)
    return out


def tone(library, f0_hz, harmonics, sizes=(HOP,)):
    silence = np.zeros((len(harmonics), BANDS), np.float32)
    return play(NativeSynth(library, 1, harmonics.shape[1], BANDS), f0_hz, harmonics, silence, sizes)


GLIDES = [(40.0, 2000.0), (2000.0, 40.0), (220.0, 220.0), (40.0, 40.0), (1000.0, 1000.0), (3000.0, 30_000.0)]


@pytest.mark.parametrize(("low", "high"), GLIDES)
@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5), (64,)])
def test_is_within_105_db_of_a_float64_sum_of_sines(library, low, high, sizes):
    f0_hz, harmonics = glide(low, high, 300), amplitudes(300)
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    assert decibels(tone(library, f0_hz, harmonics, sizes) - wanted, wanted) <= -105.0


@pytest.mark.parametrize(("low", "high"), [(30.0, 12_000.0), (30_000.0, 20.0), (100.0, 400.0)])
def test_a_leap_within_one_hop_leaves_out_what_reaches_nyquist_sample_by_sample(library, low, high):
    f0_hz, harmonics = glide(low, high, 1), amplitudes(1)
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    assert decibels(tone(library, f0_hz, harmonics) - wanted, wanted) <= -105.0


@pytest.mark.parametrize("f0_hz", [24_000.0 / 7, 24_000.0 / 9, 1000.0, 24_000.0 / 97])
def test_a_harmonic_right_at_nyquist_is_silent(library, f0_hz):
    pitch, harmonics = np.full(10 * HOP + 1, f0_hz), amplitudes(10)
    wanted = sum_of_sines(pitch[:-1], harmonics.astype(np.float64))
    assert decibels(tone(library, pitch, harmonics) - wanted, wanted) <= -105.0


def test_above_nyquist_there_is_nothing(library):
    assert not tone(library, np.full(HOP + 1, 24_000.0), amplitudes(1)).any()


@pytest.mark.parametrize("kept", [0, 1, 8, 9, 10, 77])
def test_the_last_harmonics_may_be_switched_off(library, kept):
    f0_hz, harmonics = glide(90.0, 110.0, 4), amplitudes(4)
    harmonics[:, kept:] = 0.0
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    out = tone(library, f0_hz, harmonics)
    assert decibels(out - wanted, wanted) <= -105.0 if kept else not out.any()


def test_a_harmonic_that_begins_or_ends_in_the_hop_is_heard(library):
    f0_hz, harmonics = np.full(2 * HOP + 1, 150.0), np.zeros((3, K), np.float32)
    harmonics[1, 99] = 1.0
    wanted = sum_of_sines(f0_hz[:-1], harmonics.astype(np.float64))
    assert decibels(tone(library, f0_hz, harmonics) - wanted, wanted) <= -100.0


@pytest.mark.parametrize("sizes", [(HOP,), (31, 97, 5), (1,)])
def test_noise_is_that_of_numpy_over_the_fade_and_round_the_places(library, sizes):
    native, numpy = NativeSynth(library, 1, 1, BANDS), NumpySynth(1, 1, BANDS)
    native._voices[:, 1:] = 60, PASS_HOPS - 3, 0
    numpy._noises[0]._pass, numpy._noises[0]._hop = 60, PASS_HOPS - 3
    f0_hz, noise = np.full(6 * HOP + 1, 100.0), amplitudes(6, BANDS)
    made = [play(synth, f0_hz, np.zeros((7, 1), np.float32), noise, sizes) for synth in (native, numpy)]
    assert decibels(made[0] - made[1], made[1]) <= -120.0
    assert native._voices[0, 1:].tolist() == [61, 4, 0]


def test_the_variant_for_every_pc_plays_the_same(compiler, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", f"{compiler} -DHAS_WIDE=0")
    assert compile_kernel(tmp_path / "plain.so") is None
    plain = ctypes.CDLL(os.fspath(tmp_path / "plain.so"))
    f0_hz, harmonics, noise = glide(40.0, 2000.0, 30), amplitudes(30), amplitudes(30, BANDS)
    made = [
        play(synth, f0_hz, harmonics, noise)
        for synth in (NativeSynth(plain, 1, K, BANDS), NumpySynth(1, K, BANDS))
    ]
    assert decibels(made[0] - made[1], made[1]) <= -100.0


@pytest.mark.parametrize("pitch", [np.nan, np.inf, -np.inf, -100.0, 0.0, 1e300, 1e6])
def test_a_pitch_that_is_none_does_no_harm(library, pitch):
    synth = NativeSynth(library, 1, K, BANDS)
    synth.controls.level[:], synth.controls.gain[:], synth.controls.harmonics[:] = 1.0, 1.0, 1.0
    for ends in ((pitch, pitch), (440.0, pitch), (pitch, 440.0)):
        synth.controls.f0_hz[:, 0] = ends
        assert np.isfinite(synth.render(0, HOP)).all()


def test_amplitudes_that_are_not_finite_are_forgotten(library):
    synth = NativeSynth(library, 1, K, BANDS)
    synth.controls.level[:], synth.controls.gain[:] = 1.0, 1.0
    synth.controls.harmonics[:], synth.controls.noise[:] = np.nan, np.inf
    assert not np.isfinite(synth.render(0, HOP)).any()
    synth.controls.harmonics[:], synth.controls.noise[:] = 1.0, 1.0
    assert np.isfinite(synth.render(0, HOP)).all()


PITCHES = st.one_of(st.floats(20.0, 30_000.0), st.sampled_from([440.0, 1000.0, 8000.0, 24_000.0]))
TURNS = st.lists(st.sampled_from(["hop", "hop", "reset", "follow"]), min_size=1, max_size=5)


@st.composite
def performances(draw):
    """Voices, harmonics, bands, and what happens in each hop: pieces with their pitches and open gates."""
    voices = draw(st.integers(1, 8))
    sizes = (voices, draw(st.integers(1, 100)), draw(st.sampled_from([2, 5, BANDS])))
    hops = []
    for what in draw(TURNS):
        cuts = sorted(draw(st.sets(st.integers(1, HOP - 1), max_size=3)))
        ends = [0, *cuts, HOP]
        pieces = [
            (begin, end - begin, draw(st.lists(PITCHES, min_size=2, max_size=2)), draw(st.booleans()))
            for begin, end in pairwise(ends)
        ]
        hops.append((what, pieces))
    return sizes, hops, draw(st.integers(0, 2**32 - 1))


def perform(make, sizes, hops, seed):
    """What a synthesizer plays, and the phases and noise places it comes to."""
    rng, synth, out = np.random.default_rng(seed), make(*sizes), []
    for what, pieces in hops:
        if what == "reset":
            synth.reset()
        if what == "follow":
            before, synth = synth, make(*sizes)
            synth.follow(before)
        controls = synth.controls
        for control in (controls.harmonics, controls.noise):
            control[:] = rng.uniform(0, 1, control.shape)
        for begin, n, pitches, is_open in pieces:
            spread = rng.uniform(0.5, 2.0, sizes[0])
            controls.f0_hz[:] = np.minimum(np.multiply.outer(pitches, spread), 30_000.0)
            controls.level[:] = rng.uniform(0, 1, controls.level.shape)
            controls.gain[:, :n] = is_open * rng.uniform(0, 1, (sizes[0], n))
            controls.gain[rng.random(sizes[0]) < 0.3] = 0.0
            out.append(synth.render(begin, n).copy())
    return np.concatenate(out), synth


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(performances())
def test_plays_what_numpy_plays(library, performance):
    sizes = performance[0]
    wanted, numpy = perform(NumpySynth, *performance)
    made, native = perform(lambda *sizes: NativeSynth(library, *sizes), *performance)
    # A short piece may happen to sum up to nearly nothing: the level of all parts counts then.
    ordinary = np.full(len(wanted), np.sqrt(sum(sizes[1:]) / 24.0))
    reference = wanted if np.square(wanted).sum() > np.square(ordinary).sum() else ordinary
    assert decibels(made - wanted, reference) <= -100.0
    for voice, (harmonics, noise) in enumerate(zip(numpy._harmonics, numpy._noises, strict=True)):
        phase, *place = native._voices[voice].tolist()
        assert place == [noise._pass, noise._hop, noise._sample]
        assert abs((phase - int(harmonics._phase) + 2**63) % 2**64 - 2**63) < 2**20
