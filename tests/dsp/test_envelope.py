from itertools import pairwise

import numpy as np
import pytest

from ddsp_pi.dsp.envelope import ABRUPT, Envelopes, Shape
from ddsp_pi.frame import HOP, SAMPLE_RATE

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


SLOW, QUICK = Shape(0.5, 1.0, 0.3, 2.0), Shape(0.001, 0.02, 0.9, 0.01)


def rendered(envelopes, voice, seconds):
    out = np.empty(round(seconds * SAMPLE_RATE), np.float32)
    for at in range(0, len(out), HOP):
        envelopes.render(voice, out[at : at + HOP])
    return out


def test_every_voice_has_its_own_shape_and_gate():
    together, shapes = Envelopes(3), (SHAPE, SLOW, QUICK)
    for voice, shape in enumerate(shapes):
        together.shape(voice, shape)
    alone = [Envelopes(1) for _ in shapes]
    for envelopes, shape in zip(alone, shapes, strict=True):
        envelopes.shape(0, shape)
    rng = np.random.default_rng(1)
    for _ in range(200):
        voice, high = int(rng.integers(3)), bool(rng.uniform() < 0.6)
        together.move(voice, high)
        alone[voice].move(0, high)
        for one in range(3):
            made, wanted = np.empty((2, 77), np.float32)
            together.render(one, made)
            alone[one].render(0, wanted)
            np.testing.assert_array_equal(made, wanted)
            assert together.gain(one) == alone[one].gain(0)


def test_a_gate_that_never_moved_stays_silent_beside_others():
    envelopes = Envelopes(2)
    envelopes.move(1, True)
    assert not rendered(envelopes, 0, 0.01).any()
    assert rendered(envelopes, 1, 0.01).all()


@pytest.mark.parametrize(("before", "after"), [(SLOW, QUICK), (QUICK, SLOW), (SHAPE, QUICK), (QUICK, ABRUPT)])
@pytest.mark.parametrize("phase", ["rising", "open", "closed"])
def test_a_shape_that_changes_goes_on_from_where_the_gain_is(before, after, phase):
    envelopes = Envelopes(1)
    envelopes.shape(0, before)
    envelopes.move(0, True)
    rendered(envelopes, 0, {"rising": before.attack_s / 2.0}.get(phase, before.attack_s + 0.05))
    if phase == "closed":
        envelopes.move(0, False)
        rendered(envelopes, 0, 0.002)
    gain = envelopes.gain(0)
    envelopes.shape(0, after)
    assert envelopes.gain(0) == gain
    rest = rendered(envelopes, 0, 1.5)
    if after is not ABRUPT:
        fastest = {
            "rising": 1.0 / after.attack_s,
            "open": 7.0 / after.decay_s,
            "closed": 7.0 / after.release_s,
        }
        assert abs(rest[0] - gain) <= 1.01 * fastest[phase] / SAMPLE_RATE
    assert rest[-1] == pytest.approx(0.0 if phase == "closed" else after.sustain, abs=2e-2)


def test_a_new_sustain_is_reached_while_the_gate_is_held():
    envelopes = Envelopes(1)
    envelopes.shape(0, Shape(0.001, 0.02, 0.2, 0.1))
    envelopes.move(0, True)
    assert rendered(envelopes, 0, 0.2)[-1] == pytest.approx(0.2, abs=1e-3)
    envelopes.shape(0, Shape(0.001, 0.02, 0.8, 0.1))
    risen = rendered(envelopes, 0, 0.2)
    assert risen[-1] == pytest.approx(0.8, abs=1e-3)
    assert (np.diff(risen) >= -1e-6).all()


def test_a_new_release_counts_from_where_it_has_come_to():
    envelopes = Envelopes(1)
    envelopes.shape(0, Shape(0.001, 0.02, 1.0, 4.0))
    envelopes.move(0, True)
    rendered(envelopes, 0, 0.1)
    envelopes.move(0, False)
    before = rendered(envelopes, 0, 0.1)[-1]
    assert before > 0.8
    envelopes.shape(0, Shape(0.001, 0.02, 1.0, 0.02))
    assert rendered(envelopes, 0, 0.02)[-1] == pytest.approx(before / 1000.0, rel=0.02)


@pytest.mark.parametrize("n", [1, 16, HOP, 1000])
def test_ahead_is_the_gain_that_a_rise_will_have(n):
    envelopes = Envelopes(2)
    envelopes.shape(1, SHAPE)
    envelopes.move(1, True)
    envelopes.render(1, np.empty(100, np.float32))
    ahead = envelopes.ahead(1, n)
    out = np.empty(n, np.float32)
    envelopes.render(1, out)
    assert out.max() == pytest.approx(ahead, rel=1e-5)
    assert envelopes.ahead(0, n) == 0.0


def test_ahead_is_never_more_than_full_gain_and_stands_still_in_decay_and_release():
    envelopes = Envelopes(1)
    envelopes.shape(0, SHAPE)
    envelopes.move(0, True)
    assert envelopes.ahead(0, SAMPLE_RATE) == 1.0
    rendered(envelopes, 0, 0.05)
    assert envelopes.ahead(0, HOP) == envelopes.gain(0)
    envelopes.move(0, False)
    rendered(envelopes, 0, 0.01)
    assert envelopes.ahead(0, HOP) == envelopes.gain(0) > 0.0


def test_abrupt_is_on_and_off_within_a_sample():
    envelopes = Envelopes(1)
    envelopes.move(0, True)
    assert (rendered(envelopes, 0, 0.01) == 1.0).all()
    envelopes.move(0, False)
    assert rendered(envelopes, 0, 0.01)[1:].max() < 1e-2


def test_reset_closes_every_gate_at_once_and_keeps_the_shapes():
    envelopes = Envelopes(2)
    for voice in range(2):
        envelopes.shape(voice, SHAPE)
        envelopes.move(voice, True)
        rendered(envelopes, voice, 0.1)
    table = envelopes.table.copy()
    envelopes.reset()
    assert [envelopes.gain(voice) for voice in range(2)] == [0.0, 0.0]
    np.testing.assert_array_equal(envelopes.table[:, 2:], table[:, 2:])
    assert not rendered(envelopes, 0, 0.01).any()


def test_who_follows_goes_on_alike_and_may_be_shaped_anew():
    first, second = Envelopes(2), Envelopes(2)
    for voice in range(2):
        first.shape(voice, SHAPE)
        first.move(voice, True)
        rendered(first, voice, 0.1)
    second.follow(first)
    np.testing.assert_array_equal(rendered(second, 0, 0.1), rendered(first, 0, 0.1))
    # The shape it had before it followed is not the one it has now.
    second.shape(1, ABRUPT)
    second.move(1, True)
    assert rendered(second, 1, 0.01)[-1] == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_gains_stay_between_nothing_and_all_whatever_happens(seed):
    rng, envelopes = np.random.default_rng(seed), Envelopes(1)
    last = 0.0
    for _ in range(500):
        envelopes.shape(0, Shape(*rng.uniform(0.0, [0.01, 0.1, 1.0, 0.1])))
        if rng.uniform() < 0.3:
            envelopes.move(0, bool(rng.uniform() < 0.5))
        out = np.empty(rng.integers(1, 300), np.float32)
        envelopes.render(0, out)
        assert out.min() >= 0.0
        assert out.max() <= 1.0
        last = max(last, float(out[-1]))
    assert last > 0.1


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
