import numpy as np
import pytest

from ddsp_pi.dsp.limiter import Limiter
from ddsp_pi.frame import SAMPLE_RATE


def reference(x, ceiling, release_s):
    """Sample by sample in float64: the peak falls by e per release time."""
    fall, peak, out = np.exp(-1.0 / (release_s * SAMPLE_RATE)), 0.0, []
    for value in x.astype(np.float64):
        peak = max(abs(value), peak * fall)
        out.append(value * min(1.0, ceiling / peak) if peak else value)
    return np.array(out)


def burst(n=8000):
    rng = np.random.default_rng(0)
    return (rng.normal(0, 1, n) * np.where(np.arange(n) // 1000 % 3 == 1, 3.0, 0.1)).astype(np.float32)


def limited(x, size):
    limiter, out = Limiter(), x.copy()
    for at in range(0, len(out), size):
        limiter.process(out[at : at + size])
    return out


@pytest.mark.parametrize("size", [16, 100, 128, 8000])
def test_follows_the_float64_reference_on_any_block_size(size):
    np.testing.assert_allclose(limited(burst(), size), reference(burst(), 0.98, 0.08), atol=2e-6)


def test_never_exceeds_the_ceiling():
    assert np.abs(limited(burst() * 1e6, 128)).max() <= np.float32(0.98)


def test_below_the_ceiling_every_bit_passes():
    quiet = burst() * 0.01
    np.testing.assert_array_equal(limited(quiet, 128), quiet)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_silenced_and_counted(bad):
    limiter, block = Limiter(), np.full(64, 0.5, np.float32)
    block[10:13] = bad
    assert limiter.process(block) is False
    assert limiter.rejected == 3
    assert np.isfinite(block).all()
    assert limiter.process(np.full(64, 0.5, np.float32)) is True


def test_an_empty_block_is_fine():
    assert Limiter().process(np.empty(0, np.float32)) is True
