import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.output import FADE, NativeOutput, NumpyOutput
from ddsp_pi.frame import SAMPLE_RATE
from tests.references import decibels

CEILING = np.float32(0.98)


@pytest.fixture(params=["numpy", "native"])
def make(request):
    if request.param == "numpy":
        return NumpyOutput
    library = request.getfixturevalue("library")
    return lambda fade_in=True: NativeOutput(library, fade_in)


def reference(x):
    """DC blocker and limiter, sample by sample in float64."""
    pole, fall = np.exp(-2 * np.pi * 5.0 / SAMPLE_RATE), np.exp(-1.0 / (0.08 * SAMPLE_RATE))
    before, y, peak, out = 0.0, 0.0, 0.0, []
    for value in x.astype(np.float64):
        y = pole * y + (1 + pole) / 2 * (value - before)
        before, peak = value, max(abs(y), peak * fall)
        out.append(y * min(1.0, 0.98 / peak) if peak else y)
    return np.array(out)


def signal(n=70_000):
    """Noise with an offset, quiet and too loud in turn."""
    loud = np.where(np.arange(n) // 3000 % 3 == 1, 2.0, 0.1)
    return (np.random.default_rng(0).normal(0, 1, n) * loud + 0.2).astype(np.float32)


def sine(hz, seconds=1.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz / SAMPLE_RATE * np.arange(seconds * SAMPLE_RATE))).astype(
        np.float32
    )


def run(stage, x, size=128):
    out = x.copy()
    for at in range(0, len(out), size):
        stage.process(out[at : at + size])
    return out


@pytest.mark.parametrize("size", [1, 16, 100, 128, 5000, 65_536])
def test_follows_the_float64_reference_on_any_block_size(make, size):
    x = signal(3000 if size == 1 else 70_000)
    wanted = reference(x)
    assert decibels(run(make(fade_in=False), x, size) - wanted, wanted) < -110.0


def test_an_offset_goes_and_music_stays(make):
    assert np.abs(run(make(False), np.full(SAMPLE_RATE, 0.5, np.float32))[-4800:]).max() < 1e-5
    tail = slice(SAMPLE_RATE // 2, None)
    for hz, gain in ((5.0, np.sqrt(0.5)), (50.0, 0.995), (1000.0, 1.0)):
        out = run(make(False), sine(hz))
        assert np.abs(out[tail]).max() == pytest.approx(0.5 * gain, rel=0.01)


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e38])
def test_no_sample_exceeds_the_ceiling(make, scale):
    stage = make(False)
    with np.errstate(over="ignore"):
        wild = np.clip(signal() * np.float32(scale), -3e38, 3e38)
    assert np.abs(run(stage, wild)).max() <= CEILING
    assert stage.peak == pytest.approx(0.98)


def test_one_absurd_sample_does_not_silence_for_long(make):
    stage, x = make(False), sine(440.0, 2.0)
    x[100] = 3e38
    assert np.abs(run(stage, x)[-4800:]).max() > 0.49


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_silenced_counted_and_forgotten(make, bad):
    stage, x = make(False), sine(440.0, 0.1)
    first, second = x[:2400].copy(), x[2400:].copy()
    first[10:13] = bad
    assert stage.process(first) is False
    assert stage.rejected == 3
    assert np.isfinite(first).all()
    assert np.abs(first).max() <= CEILING
    assert stage.process(second) is True
    np.testing.assert_allclose(second, x[2400:], atol=0.01)


def test_a_block_of_nothing_but_nan_leaves_silence(make):
    stage, block = make(False), np.full(128, np.nan, np.float32)
    assert stage.process(block) is False
    assert not block.any()
    assert stage.rejected == 128


@pytest.mark.parametrize("size", [1, 100, 128, 4096])
def test_fades_in_over_50_ms_and_is_open_then(make, size):
    x = sine(1000.0, 0.1)
    plain, faded = run(make(False), x, size), run(make(), x, size)
    curve = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, FADE + 1) / FADE)
    np.testing.assert_allclose(faded[:FADE], plain[:FADE] * curve, atol=1e-6)
    np.testing.assert_array_equal(faded[FADE:], plain[FADE:])


def test_fades_out_to_silence_and_says_so(make):
    stage, x = make(False), sine(1000.0, 0.2)
    run(stage, x)
    assert not stage.faded_out
    stage.fade_out()
    out = run(stage, x[: FADE - 1], 100)
    assert not stage.faded_out
    assert np.abs(out[:200]).max() > 0.49
    assert np.abs(out[-24:]).max() < 1e-3
    stage.process(x[:1].copy())
    assert stage.faded_out
    assert not run(stage, x).any()
    stage.fade_in()
    assert not stage.faded_out
    assert np.abs(run(stage, x)[FADE:]).max() > 0.49


def test_a_fade_turns_round_where_it_is(make):
    stage, level = make(), sine(24_000 / 7, 0.5)
    gains = []
    for turn in (None, stage.fade_out, stage.fade_in, stage.fade_out, stage.fade_in):
        _ = turn and turn()
        gains.append(run(stage, level[:1000], 77))
    plain = run(make(False), level[:1000], 77)
    # Near zero crossings a quotient says nothing.
    sure = np.abs(plain) > 0.1
    found = np.concatenate([(gain / np.where(sure, plain, np.nan)) for gain in gains])
    steps = np.diff(found[np.isfinite(found)])
    assert np.abs(steps).max() < 0.02
    assert 0.2 < np.nanmax(found) < 0.6


def test_starts_closed_without_having_faded_out(make):
    assert not make().faded_out


def test_reset_makes_it_new(make):
    stage, x = make(), signal(9000)
    first = run(stage, x)
    stage.fade_out()
    stage.process(np.full(64, np.inf, np.float32))
    stage.reset()
    assert (stage.peak, stage.rejected, stage.faded_out) == (0.0, 0, False)
    np.testing.assert_array_equal(run(stage, x), first)


def test_what_rings_on_stops_before_it_gets_denormal(make):
    stage = make(False)
    run(stage, signal(1000))
    tail = np.abs(run(stage, np.zeros(8 * SAMPLE_RATE, np.float32), 4096))
    assert tail[0] > 0.0
    assert tail[tail > 0.0].min() > 1e-30
    assert not tail[-128:].any()


def test_an_empty_block_is_fine(make):
    assert make().process(np.empty(0, np.float32)) is True


MOVES = st.lists(
    st.tuples(
        st.integers(1, 700),
        st.sampled_from([1e-9, 0.1, 1.0, 30.0, 1e37]),
        st.sampled_from(["play", "play", "fade_in", "fade_out", "reset", "break"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES, st.booleans(), st.integers(0, 2**32 - 1))
def test_native_does_what_numpy_does(library, moves, fade_in, seed):
    rng, stages = np.random.default_rng(seed), (NumpyOutput(fade_in), NativeOutput(library, fade_in))
    for n, level, move in moves:
        x = (rng.normal(0, 1, n) * level).astype(np.float32)
        if move == "break":
            x[rng.integers(n)] = np.nan
        made = []
        for stage in stages:
            getattr(stage, move, lambda: None)()
            block = x.copy()
            made.append((stage.process(block), stage.rejected, stage.faded_out, stage.peak, block))
        assert made[0][:3] == made[1][:3]
        assert made[0][3] == pytest.approx(made[1][3], rel=1e-6)
        np.testing.assert_allclose(made[0][4], made[1][4], rtol=1e-5, atol=1e-6)
