import numpy as np
import pytest

from ddsp_pi.dsp.loudness import FLOOR_DB, LoudnessMeter, a_weighting, loudness_contour
from ddsp_pi.frame import HOP, SAMPLE_RATE


def sine(hz, seconds=0.5, peak=1.0):
    return (peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(
        np.float32
    )


def reference(audio):
    """Direct float64 definition: A-weighted mean square of the Hann-windowed frame."""
    n = np.arange(1024)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 1024)
    spectrum = np.exp(-2j * np.pi * np.outer(np.arange(513), n) / 1024) @ (audio.astype(np.float64) * window)
    sides = np.where((np.arange(513) == 0) | (np.arange(513) == 512), 1.0, 2.0)
    weights = a_weighting(np.arange(513) * SAMPLE_RATE / 1024) ** 2
    power = (weights * sides * np.abs(spectrum) ** 2).sum() / (1024 * (window**2).sum())
    return 10 * np.log10(max(power, 1e-10))


# IEC 61672-1, table 3.
@pytest.mark.parametrize(
    ("hz", "db"), [(31.623, -39.4), (100, -19.1), (1000, 0), (3162.3, 1.2), (10000, -2.5)]
)
def test_the_a_curve_is_that_of_the_standard(hz, db):
    assert 20 * np.log10(a_weighting(np.array(float(hz)))) == pytest.approx(db, abs=0.1)


def test_a_full_1_khz_sine_is_minus_3_db():
    assert loudness_contour(sine(1000))[100] == pytest.approx(-3.01, abs=0.01)


def test_meter_and_contour_against_the_float64_definition():
    audio = np.random.default_rng(0).normal(0, 0.1, 4096).astype(np.float32)
    wanted = reference(audio[1024:2048])
    assert loudness_contour(audio)[1536 // HOP] == pytest.approx(wanted, abs=1e-3)
    meter = LoudnessMeter()
    assert meter.process(audio[:2048])[-1] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("size", [1, 16, 100, 1024, 5000])
def test_the_meter_does_not_care_how_it_is_fed(size):
    audio = np.random.default_rng(1).normal(0, 0.1, 6000).astype(np.float32)
    whole, pieces = LoudnessMeter(), LoudnessMeter()
    parts = [pieces.process(audio[at : at + size]) for at in range(0, len(audio), size)]
    assert [reading for part in parts for reading in part] == pytest.approx(whole.process(audio), abs=1e-4)


def test_the_meter_lags_the_centred_contour_by_half_a_window():
    audio = sine(500) * np.linspace(0, 1, 24_000, dtype=np.float32)
    lag = 512 // HOP
    readings = LoudnessMeter().process(audio)
    np.testing.assert_allclose(readings[20:100], loudness_contour(audio)[21 - lag : 101 - lag], atol=1e-3)


def test_silence_reads_the_floor():
    assert loudness_contour(np.zeros(2048, np.float32)) == pytest.approx(FLOOR_DB)
