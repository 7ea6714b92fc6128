import numpy as np
import pytest

from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.references import blocks, decibels, sum_of_sines

K = 80


def glide(hops, low=40.0, high=2000.0):
    return low * (high / low) ** (np.arange(hops * HOP) / (hops * HOP))


def controls(hops, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 1.0, (hops + 1, K)).astype(np.float32)


def render(f0_hz, amplitudes, sizes=(HOP,)):
    bank, out = HarmonicBank(K), np.empty(len(f0_hz), np.float32)
    for at in blocks(len(f0_hz), sizes):
        hop, begin = divmod(at.start, HOP)
        first, change = amplitudes[hop], amplitudes[hop + 1] - amplitudes[hop]
        end = begin + at.stop - at.start
        bank.render(f0_hz[at], first + change * (begin / HOP), first + change * (end / HOP), out[at])
    return out


@pytest.mark.parametrize(("low", "high"), [(40.0, 2000.0), (2000.0, 40.0), (440.0, 440.0)])
def test_is_within_90_db_of_a_float64_sum_of_sines(low, high):
    hops = 750
    f0_hz, amplitudes = glide(hops, low, high), controls(hops)
    wanted = sum_of_sines(f0_hz, amplitudes.astype(np.float64))
    assert decibels(render(f0_hz, amplitudes) - wanted, wanted) <= -90.0


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
    out = np.ones(HOP, np.float32)
    HarmonicBank(3).render(np.full(HOP, 30_000.0), np.ones(3, np.float32), np.ones(3, np.float32), out)
    assert not out.any()


def test_the_phase_does_not_drift_in_ten_minutes():
    bank, f0_hz = HarmonicBank(1), np.full(HOP, 659.255)
    hops = 600 * 375
    for _ in range(hops):
        bank._advance(f0_hz, HOP)
    cycles = 659.255 / SAMPLE_RATE * HOP * hops
    drift = (int(bank._phase) / 2**64 - cycles + 0.5) % 1.0 - 0.5
    assert abs(drift) < 1e-5


def test_reset_starts_again():
    bank = HarmonicBank(4)
    f0_hz, level = np.full(HOP, 321.0), np.ones(4, np.float32)
    first, second = np.empty(HOP, np.float32), np.empty(HOP, np.float32)
    bank.render(f0_hz, level, level, first)
    bank.reset()
    bank.render(f0_hz, level, level, second)
    np.testing.assert_array_equal(first, second)
