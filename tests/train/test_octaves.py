import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.train.octaves import mend_octaves

SECONDS = 1.0


def tone(f0_hz, amplitudes):
    t = np.arange(int(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    rng = np.random.default_rng(0)
    audio = sum(a * np.sin(2 * np.pi * k * f0_hz * t + k) for k, a in enumerate(amplitudes, 1))
    return (0.1 * audio + 1e-4 * rng.standard_normal(len(t))).astype(np.float32)


SPECTRA = {
    "bright": 1 / np.arange(1, 20),
    "weak fundamental": np.array([0.1, 1.0, 0.8, 0.5, 0.4, 0.2, 0.2]),
    "mostly even": np.array([0.3, 1.0, 0.2, 0.6, 0.2, 0.4, 0.1, 0.2]),
    "mostly odd": np.array([1.0, 0.1, 0.7, 0.05, 0.4, 0.02, 0.2]),
}


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("f0_hz", [98.0, 246.0, 523.0, 880.0])
def test_right_labels_stay(f0_hz, spectrum):
    audio = tone(f0_hz, SPECTRA[spectrum])
    labels = np.full(len(audio) // HOP + 1, f0_hz)
    np.testing.assert_array_equal(mend_octaves(audio, labels), labels)


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("f0_hz", [392.0, 523.0, 784.0])
def test_labels_one_or_two_octaves_off_are_mended(f0_hz, factor):
    audio = tone(f0_hz, SPECTRA["bright"])
    mended = mend_octaves(audio, np.full(len(audio) // HOP + 1, factor * f0_hz))
    np.testing.assert_allclose(mended[20:-20], f0_hz)


def test_one_wrong_frame_between_two_notes_decides_nothing():
    audio = np.concatenate([tone(392.0, SPECTRA["bright"]), tone(523.0, SPECTRA["bright"])])
    labels = np.where(np.arange(len(audio) // HOP + 1) < 375, 392.0, 523.0)
    mended = mend_octaves(audio, labels)
    assert (mended == labels).mean() > 0.98


def test_a_pitch_is_never_moved_out_of_hearing():
    audio = tone(33.0, SPECTRA["bright"])
    mended = mend_octaves(audio, np.full(len(audio) // HOP + 1, 33.0))
    assert mended.min() >= 27.5
