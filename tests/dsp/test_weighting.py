"""Loudness of a period against the one definition of loudness."""

import numpy as np
import pytest

from ddsp_pi.dsp.loudness import FLOOR_DB, a_weighting, loudness_contour
from ddsp_pi.dsp.weighting import PeriodLoudness, a_sections
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.voices import VOWELS, hold, sing

BAND_HZ = np.geomspace(20.0, 20_000.0, 200)


def read(audio, f0_hz):
    """Loudness at every hop of a sound of one pitch."""
    meter, readings = PeriodLoudness(), []
    for at in range(0, len(audio) - HOP + 1, HOP):
        meter.hear(audio[at : at + HOP])
        readings.append(meter.read_db(f0_hz))
    return np.array(readings)


def test_the_filter_is_the_a_curve():
    back = np.exp(-2j * np.pi * BAND_HZ / SAMPLE_RATE)
    response = np.prod([(b0 + b1 * back) / (1 + a1 * back) for b0, b1, a1 in a_sections()], axis=0)
    off = 20 * np.log10(np.abs(response) / a_weighting(BAND_HZ))
    assert np.abs(off[BAND_HZ < 10_000]).max() < 0.1
    assert np.abs(off).max() < 1.25


@pytest.mark.parametrize("f0_hz", [55.0, 110.0, 220.0, 440.0, 1000.0])
@pytest.mark.parametrize("vowel", VOWELS)
def test_steady_voices_are_as_loud_as_by_definition_and_do_not_tremble(vowel, f0_hz):
    audio = sing(VOWELS[vowel], hold(f0_hz))
    readings, wanted = read(audio, f0_hz)[60:], loudness_contour(audio)[60:-20]
    # At 55 Hz the definition's own window trembles.
    assert np.median(readings) == pytest.approx(10 * np.log10(np.mean(10 ** (wanted / 10))), abs=0.5)
    assert np.ptp(readings) < 0.05


@pytest.mark.parametrize("f0_hz", [110.0, 440.0])
def test_a_pitch_that_is_2_percent_wrong_makes_no_ripple(f0_hz):
    audio = sing(VOWELS["a"], hold(f0_hz))
    assert max(np.ptp(read(audio, wrong * f0_hz)[60:]) for wrong in (0.98, 1.02)) < 0.5


@pytest.mark.parametrize("f0_hz", [80.0, 220.0, 1000.0])
def test_noise_is_as_loud_as_by_definition(f0_hz):
    audio = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    mean = 10 * np.log10(np.mean(10 ** (read(audio, f0_hz)[60:] / 10)))
    assert mean == pytest.approx(10 * np.log10(np.mean(10 ** (loudness_contour(audio)[8:-8] / 10))), abs=0.5)


@pytest.mark.parametrize(("f0_hz", "limit_ms"), [(55.0, 16.0), (110.0, 10.0), (440.0, 7.5)])
def test_a_louder_voice_is_known_within_little_more_than_half_a_period(f0_hz, limit_ms):
    audio, start = sing(VOWELS["a"], hold(f0_hz)), SAMPLE_RATE // 5
    times = []
    for shift in np.linspace(0, SAMPLE_RATE / f0_hz, 12).astype(int):
        louder = np.where(np.arange(len(audio)) < start + shift, 0.01, 1.0).astype(np.float32)
        readings = read(audio * louder, f0_hz)
        known = np.flatnonzero(readings > readings[-1] - 3.0)[0]
        times.append(1000 * ((known + 1) * HOP - start - shift) / SAMPLE_RATE)
    assert np.mean(times) < limit_ms


def test_silence_reads_the_floor():
    assert (read(np.zeros(10 * HOP, np.float32), 440.0) == FLOOR_DB).all()


def test_what_rings_out_comes_to_rest():
    meter = PeriodLoudness()
    meter.hear(np.ones(HOP, np.float32))
    for _ in range(4000):
        meter.hear(np.zeros(HOP, np.float32))
    assert (meter._state == 0.0).all()
