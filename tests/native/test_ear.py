"""The similarity window in C against its oracle in numpy."""

from dataclasses import astuple

import numpy as np
import pytest

from ddsp_pi.dsp.ear import NumpyEar
from ddsp_pi.dsp.native_ear import NativeEar
from ddsp_pi.dsp.nsdf import LONG, SHORT
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.singing import VOWELS, vowel

RANGES = {"wide": (40.0, 2200.0), "voice": (70.0, 1100.0), "high": (500.0, 2500.0)}


def sounds():
    """Tones, glides, noise, both, and silence, one after another."""
    rng = np.random.default_rng(2)
    t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    glide = 2 * np.pi * np.cumsum(60.0 * 1600.0**t) / SAMPLE_RATE
    tone = sum(np.sin(k * glide) / k for k in range(1, 12))
    noise = rng.normal(0, 0.3, len(t))
    return np.concatenate([tone, noise, tone + noise, 0.0 * t, 1e-5 * tone, tone]).astype(np.float32)


def hear(ear, audio):
    return np.array([astuple(ear.hear(hop)) for hop in audio.reshape(-1, HOP)])


@pytest.mark.parametrize("window", [SHORT, LONG])
@pytest.mark.parametrize("notes", RANGES)
def test_it_hears_what_numpy_hears(library, window, notes):
    audio = sounds()
    audio = audio[: len(audio) // HOP * HOP]
    wanted = hear(NumpyEar(window, *RANGES[notes]), audio)
    heard = hear(NativeEar(library, window, *RANGES[notes]), audio)
    assert (wanted[:, 0] > 0).sum() > 200
    # Where two peaks are equally good, the last bit decides; that is rare.
    same = np.isclose(heard, wanted, rtol=1e-5, atol=1e-5).all(axis=1)
    assert same.mean() > 0.998


@pytest.mark.parametrize("window", [SHORT, LONG])
@pytest.mark.parametrize("least", [0.02, 0.05, 0.1])
def test_where_a_tone_ends_in_a_softer_one_both_hear_it_on(library, window, least):
    """There a peak may come out higher than 1."""
    tone = vowel(440.0, VOWELS["a"], 0.2, -18.0)
    for cut in range(0, 160, 8):
        audio = np.concatenate([tone[cut:], least * tone[: 30 * HOP]]).astype(np.float32)
        audio = audio[: len(audio) // HOP * HOP]
        wanted = hear(NumpyEar(window, *RANGES["voice"]), audio)
        heard = hear(NativeEar(library, window, *RANGES["voice"]), audio)
        np.testing.assert_allclose(heard, wanted, rtol=1e-4, atol=1e-5)


def test_reset_forgets_everything(library):
    ear, audio = NativeEar(library, SHORT, 70.0, 1100.0), sounds()[: 100 * HOP]
    first = hear(ear, audio)
    ear.reset()
    np.testing.assert_array_equal(hear(ear, audio), first)
