import numpy as np
import pytest

from ddsp_pi.dsp.crossfade import CrossFade


def fade(law, size, samples=1000, n=1500):
    rng = np.random.default_rng(0)
    leaving, arriving = (rng.normal(0, 1, n).astype(np.float32) for _ in range(2))
    crossfade, out = CrossFade(samples, law), np.empty(n, np.float32)
    for at in range(0, n, size):
        part = slice(at, at + size)
        crossfade.process(leaving[part], arriving[part], out[part])
    return leaving, arriving, out, crossfade


@pytest.mark.parametrize("law", ["power", "gain"])
@pytest.mark.parametrize("size", [16, 333, 1500])
def test_against_the_float64_definition(law, size):
    leaving, arriving, out, crossfade = fade(law, size)
    position = np.minimum((np.arange(1500) + 0.5) / 1000, 1.0)
    curves = {
        "power": (np.cos(position * np.pi / 2), np.sin(position * np.pi / 2)),
        "gain": (1.0 - position, position),
    }[law]
    np.testing.assert_allclose(out, leaving * curves[0] + arriving * curves[1], atol=1e-5)
    assert crossfade.done


def test_may_write_into_its_inputs():
    leaving, arriving = np.ones(64, np.float32), np.zeros(64, np.float32)
    wanted = np.empty(64, np.float32)
    CrossFade(100).process(leaving, arriving, wanted)
    CrossFade(100).process(leaving, arriving, leaving)
    np.testing.assert_array_equal(leaving, wanted)
