import numpy as np
import pytest

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.dsp.noise import PASS_HOPS, FilteredNoise, band_power, band_responses, noise_bank
from ddsp_pi.dsp.ramp import ramps
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.references import blocks, decibels

BANDS = 65


def render(magnitudes, sizes=(HOP,)):
    """Noise of (hops + 1, BANDS) magnitudes."""
    noise, out = FilteredNoise(BANDS), []
    for at in blocks((len(magnitudes) - 1) * HOP, sizes):
        hop, begin = divmod(at.start, HOP)
        n, first, change = at.stop - at.start, magnitudes[hop], magnitudes[hop + 1] - magnitudes[hop]
        ends = np.stack([first + change * (place / HOP) for place in (begin, begin + n)])
        out.append((noise.parts(ends, n) * ramps(n)).sum(axis=0)[:n])
    return np.concatenate(out)


def flat(hops):
    return np.ones((hops + 1, BANDS), np.float32)


def test_equal_magnitudes_are_white_noise_of_variance_one():
    out = render(flat(3000))
    assert np.var(out) == pytest.approx(1.0, abs=0.03)
    power = np.abs(np.fft.rfft(out.reshape(-1, 2000) * np.hanning(2000), axis=1)) ** 2
    octaves = [power[:, a:b].mean() for a, b in ((20, 40), (80, 160), (320, 640), (640, 990))]
    assert np.ptp(10 * np.log10(octaves)) < 0.8


def test_band_responses_sum_to_one_at_every_frequency():
    responses = band_responses(BANDS, np.linspace(0, SAMPLE_RATE / 2, 1001))
    np.testing.assert_allclose(responses.sum(axis=0), 1.0, atol=1e-12)
    assert band_power(BANDS).sum() == pytest.approx(1.0)


def test_the_bank_against_a_float64_filter_of_each_band():
    bank = noise_bank(BANDS).astype(np.float64).swapaxes(0, 1).reshape(BANDS, -1).T
    frequencies = np.fft.rfftfreq(len(bank), 1 / SAMPLE_RATE)
    for band in (0, 1, 17, 64):
        power = np.abs(np.fft.rfft(bank[:, band])) ** 2 / len(bank)
        wanted = band_responses(BANDS, frequencies)[band]
        assert power[wanted == 0.0].max(initial=0.0) < 1e-9
        inside = wanted > 0.0
        # Each bin is exponentially distributed around the response; their mean is not.
        assert (power[inside] / wanted[inside]).mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("band", [3, 20, 50])
def test_one_band_stays_in_its_place(band):
    magnitudes = np.zeros((1001, BANDS), np.float32)
    magnitudes[:, band] = 1.0
    power = np.abs(np.fft.rfft(render(magnitudes))) ** 2
    frequencies = np.fft.rfftfreq(1000 * HOP, 1 / SAMPLE_RATE)
    near = np.abs(frequencies - band * 375.0) < 400.0
    assert power[near].sum() / power.sum() > 0.999


@pytest.mark.parametrize("sizes", [(16,), (31, 97, 5), (64,), (1024,)])
def test_any_split_into_blocks_sounds_the_same(sizes):
    magnitudes = np.random.default_rng(1).uniform(0, 1, (400, BANDS)).astype(np.float32)
    whole = render(magnitudes)
    assert decibels(render(magnitudes, sizes) - whole, whole) < -100.0


def test_cross_fades_keep_the_level():
    out = render(flat(2000))
    every = (PASS_HOPS - 1) * HOP
    at_fades = [out[i : i + HOP] for i in range(every, len(out), every)]
    assert np.var(np.concatenate(at_fades)) == pytest.approx(1.0, abs=0.15)


def test_it_does_not_repeat_within_seconds():
    out = render(flat(1500)).astype(np.float64)
    spectrum = np.fft.rfft(out, 2 * len(out))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(out)]
    # A noise read in a loop would correlate fully with itself one loop later.
    assert np.abs(correlation[200:]).max() / correlation[0] < 0.35


def test_magnitudes_make_the_loudness_the_closed_form_says():
    magnitudes = np.tile(np.linspace(1.0, 0.01, BANDS), (1500, 1)).astype(np.float32)
    predicted = 10 * np.log10(magnitudes[0] ** 2 @ band_power(BANDS, a_weighted=True))
    measured = loudness_contour(render(magnitudes))
    assert 10 * np.log10(np.mean(10 ** (measured[20:-20] / 10))) == pytest.approx(predicted, abs=0.15)
