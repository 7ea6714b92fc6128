"""Noise that is heard, and played again, sounds as before."""

from itertools import pairwise

import numpy as np
import pytest

from ddsp_pi.dsp.noise import FilteredNoise
from ddsp_pi.dsp.noise_spectrum import NoiseSpectrum
from ddsp_pi.dsp.ramp import ramps
from ddsp_pi.frame import HOP, SAMPLE_RATE

BANDS, WINDOW = 65, 512
SPECTRA = {
    "white": lambda hz: np.ones_like(hz),
    "pink": lambda hz: np.sqrt(1000.0 / np.maximum(hz, 60.0)),
    "like an s": lambda hz: 0.03 + np.exp(-(((hz - 7000.0) / 2500.0) ** 2)),
}


def noise(spectrum, seconds=4.0):
    white = np.fft.rfft(np.random.default_rng(3).normal(0, 0.1, round(seconds * SAMPLE_RATE)))
    shaped = white * SPECTRA[spectrum](np.fft.rfftfreq(round(seconds * SAMPLE_RATE), 1 / SAMPLE_RATE))
    return np.fft.irfft(shaped).astype(np.float32)


def magnitudes(audio, ratio=1.0):
    spectrum, rows = NoiseSpectrum(BANDS), []
    for end in range(WINDOW, len(audio) + 1, HOP):
        rows.append(np.empty(BANDS, np.float32))
        spectrum.hear(audio[end - WINDOW : end])
        spectrum.sample(ratio, rows[-1])
    return np.array(rows)


def played(rows):
    voice = FilteredNoise(BANDS, seed=1)
    return np.concatenate([(voice.parts(ends, HOP) * ramps(HOP)).sum(axis=0) for ends in pairwise(rows)])


def band_levels(audio):
    """dB in steps of 375 Hz."""
    frames = audio[: len(audio) // WINDOW * WINDOW].reshape(-1, WINDOW) * np.hanning(WINDOW)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)
    return 10 * np.log10(np.convolve(power, [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25], "same")[4:-4:4])


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_what_is_played_again_has_the_same_bands(spectrum):
    audio = noise(spectrum)
    off = band_levels(played(magnitudes(audio))) - band_levels(audio)
    assert np.abs(off).mean() < 0.5
    assert np.abs(off[1:]).max() < 1.5


def test_white_noise_of_variance_one_reads_one():
    rows = magnitudes(10.0 * noise("white"))
    np.testing.assert_allclose(np.sqrt((rows**2).mean(axis=0)), 1.0, atol=0.06)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.5])
def test_everything_moves_with_the_formants_and_the_level_stays(ratio):
    audio = noise("like an s") * 0.5
    plain, moved = ((magnitudes(audio, by) ** 2).mean(axis=0) for by in (1.0, ratio))
    at = np.arange(BANDS) * SAMPLE_RATE / 2 / (BANDS - 1)
    assert (moved @ at) / moved.sum() == pytest.approx(ratio * (plain @ at) / plain.sum(), rel=0.1)
    assert moved.sum() == pytest.approx(plain.sum(), rel=0.05)


def test_a_hiss_is_known_in_6_ms():
    audio, start = noise("white", 0.5), SAMPLE_RATE // 10
    audio[:start] *= 0.01
    level = (magnitudes(audio) ** 2).sum(axis=1)
    known = np.flatnonzero(level > 0.5 * np.median(level[-50:]))[0]
    assert 1000 * (WINDOW + known * HOP - start) / SAMPLE_RATE < 6.0 + 1000 * HOP / SAMPLE_RATE


def test_silence_is_silent():
    assert magnitudes(np.zeros(1024, np.float32)).max() == 0.0
