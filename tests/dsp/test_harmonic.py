import numpy as np
import pytest

from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.dsp.ramp import ramps
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.references import blocks, decibels, sum_of_sines

K = 80


def glide(hops, low=40.0, high=2000.0):
    """Linear in every hop."""
    return np.interp(np.arange(hops * HOP), np.arange(hops + 1) * HOP, np.geomspace(low, high, hops + 1))


def controls(hops, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 1.0, (hops + 1, K)).astype(np.float32)


def play(bank, f0_hz, ends, n):
    return (bank.parts(f0_hz, np.asarray(ends, np.float32), n, bank.n_harmonics) * ramps(n)).sum(axis=0)[:n]


def render(f0_hz, amplitudes, sizes=(HOP,)):
    bank, out = HarmonicBank(K), []
    for at in blocks(len(f0_hz), sizes):
        hop, begin = divmod(at.start, HOP)
        n, first, change = at.stop - at.start, amplitudes[hop], amplitudes[hop + 1] - amplitudes[hop]
        ends = [first + change * (place / HOP) for place in (begin, begin + n)]
        step = (f0_hz[hop * HOP + HOP - 1] - f0_hz[hop * HOP]) / (HOP - 1)
        out.append(play(bank, (f0_hz[at.start], f0_hz[at.start] + n * step), ends, n))
    return np.concatenate(out)


@pytest.mark.parametrize(("low", "high"), [(40.0, 2000.0), (2000.0, 40.0), (440.0, 440.0)])
def test_is_within_105_db_of_a_float64_sum_of_sines(low, high):
    hops = 750
    f0_hz, amplitudes = glide(hops, low, high), controls(hops)
    wanted = sum_of_sines(f0_hz, amplitudes.astype(np.float64))
    assert decibels(render(f0_hz, amplitudes) - wanted, wanted) <= -105.0


@pytest.mark.parametrize("sizes", [(16,), (31, 97, 5), (64,), (100,), (256,), (1024,)])
def test_any_split_into_blocks_sounds_the_same(sizes):
    f0_hz, amplitudes = glide(375), controls(375)
    whole = render(f0_hz, amplitudes)
    assert decibels(render(f0_hz, amplitudes, sizes) - whole, whole) < -100.0


def test_nothing_reaches_nyquist():
    # Were the 13th partial of 1900 Hz (24.7 kHz) not left out, it would fold back to 23.3 kHz.
    f0_hz = np.full(375 * HOP, 1900.0)
    out = render(f0_hz, np.ones((376, K), np.float32))
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    frequencies = np.fft.rfftfreq(len(out), 1 / SAMPLE_RATE)
    away = np.abs(frequencies - np.rint(frequencies / 1900.0) * 1900.0) > 20.0
    assert 20.0 * np.log10(spectrum[away].max() / spectrum.max()) < -90.0
    assert spectrum[np.argmin(np.abs(frequencies - 12 * 1900.0))] > 0.5 * spectrum.max()


def test_a_fundamental_above_nyquist_is_silence():
    assert not play(HarmonicBank(3), (30_000.0, 30_000.0), np.ones((2, 3)), HOP).any()


def test_the_phase_does_not_drift_in_ten_minutes():
    bank = HarmonicBank(1)
    hops = 600 * 375
    for _ in range(hops):
        bank.skip((659.255, 659.255), HOP)
    cycles = 659.255 / SAMPLE_RATE * HOP * hops
    drift = (bank._phase - cycles + 0.5) % 1.0 - 0.5
    assert abs(drift) < 1e-5


def test_reset_starts_again():
    bank, level = HarmonicBank(4), np.ones((2, 4))
    first = play(bank, (321.0, 321.0), level, HOP)
    assert np.abs(play(bank, (321.0, 321.0), level, HOP) - first).max() > 0.1
    bank.reset()
    np.testing.assert_array_equal(play(bank, (321.0, 321.0), level, HOP), first)


@pytest.mark.parametrize("partials", [0, 1, 20, 21, 79])
def test_what_is_known_to_be_silent_changes_nothing(partials):
    ends = np.zeros((2, K), np.float32)
    ends[:, :partials] = np.random.default_rng(0).uniform(0.0, 1.0, (2, partials))
    whole = HarmonicBank(K).parts((220.0, 230.0), ends, HOP, K)
    part = HarmonicBank(K).parts((220.0, 230.0), ends, HOP, partials)
    np.testing.assert_allclose(part, whole, atol=1e-5)
