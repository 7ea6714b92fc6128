"""The synthesizer in C against its oracle in numpy, and against float64."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.synthesis import NOISE_GAIN, PARTIALS, TILTED, NumpySynth
from ddsp_pi.frame import HOP
from tests.references import decibels

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


@pytest.mark.parametrize(("low", "high"), [(40.0, 41.0), (110.0, 400.0), (1000.0, 2000.0)])
def test_harmonics_of_a_glide_against_float64(library, low, high):
    synth, hops = NativeSynth(library, 1, K, B), 60
    controls, amplitudes = synth.controls, 1.0 / np.arange(1, K + 1)
    controls.level[:], controls.f0_hz[0] = 1.0, low
    controls.envelopes.move(0, True)
    controls.asked[0][:] = amplitudes
    pitches, made = np.geomspace(low, high, hops + 1), []
    synth.begin_hop()
    for pitch in pitches[1:]:
        controls.f0_hz[1] = pitch
        synth.begin_hop()
        made.append(synth.render(0, HOP).copy())
    ramp = np.arange(HOP) / HOP
    f0_hz = np.concatenate([a + (b - a) * ramp for a, b in pairwise(pitches)])
    phase = np.concatenate([[0.0], np.cumsum(f0_hz[:-1] / 48_000.0)])
    numbers = np.arange(1, K + 1)[:, None]
    audible = numbers * f0_hz < 24_000.0
    wanted = (amplitudes[:, None] * np.sin(2 * np.pi * numbers * phase) * audible).sum(axis=0)
    assert decibels(np.concatenate(made) - wanted, wanted) < -105.0


def test_one_follows_another(library):
    first, second = NativeSynth(library, 2, K, B), NativeSynth(library, 2, 30, B)
    oracle = NumpySynth(2, K, B), NumpySynth(2, 30, B)
    for synth in (first, oracle[0]):
        perform(synth, 5, [])
    second.follow(first)
    oracle[1].follow(oracle[0])
    for pair in ((second, oracle[1]),):
        made, wanted = (synth.render(0, HOP).copy() for synth in pair)
        assert decibels(made - wanted, wanted) < -100.0


def test_reset_begins_again(library):
    synth = NativeSynth(library, 1, K, B)
    first = perform(synth, 1, [9])
    synth.reset()
    np.testing.assert_array_equal(perform(synth, 1, [9])[HOP:], first[HOP:])
