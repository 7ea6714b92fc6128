import numpy as np
import pytest

from ddsp_pi.dsp.periods import taper, whole_periods


@pytest.mark.parametrize("length", [40.0, 109.09, 436.36, 1200.0])
@pytest.mark.parametrize("edge", [0.3, 1.0])
def test_copies_of_a_window_add_up_to_one(length, edge):
    window = taper(length, edge, np.zeros(4096, np.float32))
    age = np.arange(len(window), 0, -1) - 0.5
    assert len(window) == np.ceil(length * (1 + edge))
    # Between two samples the window is a smooth curve, so its copies may stand there, too.
    inside = np.arange(length * edge + 1, length - 1)
    total = sum(np.interp(inside + copy * length, age[::-1], window[::-1], 0, 0) for copy in (-1, 0, 1))
    np.testing.assert_allclose(total, 1.0, atol=2e-3)


@pytest.mark.parametrize(("f0_hz", "count"), [(50.0, 1), (333.0, 1), (334.0, 2), (1000.0, 3), (1001.0, 4)])
def test_periods_are_whole_and_long_enough(f0_hz, count):
    counted, length = whole_periods(f0_hz, 48_000, 144)
    assert counted == count
    assert length == pytest.approx(count * 48_000 / f0_hz)


def test_a_window_longer_than_its_buffer_has_the_newest_part():
    whole, cut = taper(1000.0, 0.5, np.zeros(2000, np.float32)), taper(1000.0, 0.5, np.zeros(700, np.float32))
    np.testing.assert_allclose(cut[500:], whole[-200:])
