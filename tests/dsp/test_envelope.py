from itertools import pairwise

import numpy as np
import pytest

from ddsp_pi.dsp.envelope import Envelopes, Shape
from ddsp_pi.frame import SAMPLE_RATE

SHAPE = Shape(attack_s=0.01, decay_s=0.2, sustain=0.5, release_s=0.1)


def reference(shape, edges, n):
    """Sample by sample in float64."""
    gain, gate, rising, out = 0.0, False, False, []
    step = 1.0 / (shape.attack_s * SAMPLE_RATE)
    for i in range(n):
        for sample, high in edges:
            if sample == i:
                gate, rising = high, high
        if rising:
            gain = min(gain + step, 1.0)
            rising = gain < 1.0
        else:
            target, seconds = (shape.sustain, shape.decay_s) if gate else (0.0, shape.release_s)
            gain = target + (gain - target) * np.exp(-np.log(1000.0) / (seconds * SAMPLE_RATE))
        out.append(gain)
    return np.array(out)


def render(edges, n, size):
    envelopes, out = Envelopes(1), np.empty(n, np.float32)
    envelopes.shape(0, SHAPE)
    cuts = sorted({*range(0, n, size), *(sample for sample, _ in edges), n})
    for begin, end in pairwise(cuts):
        for _, high in (edge for edge in edges if edge[0] == begin):
            envelopes.move(0, high)
        envelopes.render(0, out[begin:end])
    return out


EDGES = [(100, True), (333, False), (350, True), (12_001, False), (12_002, True), (15_000, False)]


@pytest.mark.parametrize("size", [16, 128, 1000, 20_000])
def test_follows_the_float64_reference_on_any_block_size(size):
    np.testing.assert_allclose(render(EDGES, 20_000, size), reference(SHAPE, EDGES, 20_000), atol=3e-6)


@pytest.mark.parametrize("sample", [0, 1, 77, 127])
def test_sound_begins_at_the_very_sample_of_the_edge(sample):
    out = render([(sample, True)], 256, 128)
    assert not out[:sample].any()
    assert out[sample] > 0.0


def test_a_retrigger_never_jumps():
    out = render(EDGES, 20_000, 128)
    assert np.abs(np.diff(out)).max() < 1.5 / (SHAPE.attack_s * SAMPLE_RATE) + 2e-3


def test_release_is_over_in_finite_time():
    assert render([(0, True), (2000, False)], 48_000, 128)[-1] == 0.0


def test_it_is_steady_only_while_every_sample_is_the_same():
    envelopes, out, seen = Envelopes(1), np.empty(50, np.float32), set()
    envelopes.shape(0, Shape(0.01, 0.02, 0.5, 0.03))
    for block in range(300):
        if block in (20, 200):
            envelopes.move(0, block == 20)
        steady = envelopes.steady(0)
        envelopes.render(0, out)
        seen.add(steady)
        assert steady is None or (out == np.float32(steady)).all()
    assert seen == {0.0, 0.5, None}
