"""What a drum hit sounds like in seven numbers."""

import numpy as np
import pytest
import torch

from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.train.drum_features import EARLY, FEATURES, SAMPLES, get_features

NAMES = [feature.name for feature in FEATURES]
TIMES = np.arange(SAMPLES) / SAMPLE_RATE


def features(audio):
    made = get_features(torch.from_numpy(np.atleast_2d(audio)).float())
    assert made.shape == (len(np.atleast_2d(audio)), len(FEATURES))
    return dict(zip(NAMES, made[0].tolist(), strict=True))


def noise(seed=0, level=0.1):
    return level * np.random.default_rng(seed).standard_normal(SAMPLES)


def struck(decay_s, **options):
    return noise(**options) * np.exp(-TIMES * np.log(1000.0) / decay_s)


def tone(hz):
    return 0.1 * np.sin(2.0 * np.pi * hz * TIMES)


def test_loudness_is_that_of_the_standard():
    """A sine of 997 Hz at full scale has −3.01 LKFS."""
    assert features(10.0 * tone(997.0))["loudness, sustain"] == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("hz", [100.0, 3000.0])
def test_loudness_is_weighted(hz):
    heard = features(tone(hz))["loudness, sustain"] - features(tone(1000.0))["loudness, sustain"]
    assert heard == pytest.approx({100.0: -1.8, 3000.0: 3.1}[hz], abs=0.4)


def test_louder_is_louder_and_nothing_else():
    soft, loud = features(noise(level=0.2)), features(noise(level=0.4))
    for name in NAMES:
        assert loud[name] - soft[name] == pytest.approx(6.02 if "loudness" in name else 0.0, abs=0.01)


def test_a_longer_hit_sustains_and_lies_later():
    short, long = features(struck(0.1)), features(struck(0.6))
    assert long["loudness, sustain"] > short["loudness, sustain"] + 8.0
    assert abs(long["loudness, transient"] - short["loudness, transient"]) < 8.0
    assert long["temporal centroid"] > short["temporal centroid"] + 1.0


def test_the_temporal_centroid_is_on_its_scale():
    click = np.zeros(SAMPLES)
    click[round(0.02 * SAMPLE_RATE)] = 0.5
    assert features(click)["temporal centroid"] == pytest.approx(0.03 * 20.0**1.864, rel=0.01)
    click[EARLY + 10] = 0.9
    assert features(click)["temporal centroid"] == pytest.approx(0.03 * 20.0**1.864, rel=0.01)


def test_higher_is_brighter_on_the_scale():
    low, high = features(tone(300.0)), features(tone(6000.0))
    for name in ("brightness, transient", "brightness, sustain"):
        assert high[name] > low[name]
        assert high[name] == pytest.approx(21.2985 - 34.61 * 6000.0**-0.1621, abs=0.02)


def test_noise_is_flat_and_a_tone_is_not():
    for name in ("flatness, transient", "flatness, sustain"):
        assert -8.0 < features(noise())[name] < -3.0
        assert features(tone(1000.0))[name] < -60.0


def test_the_first_window_ends_where_the_second_has_hardly_begun():
    """What comes after 43 ms is nothing to the transient."""
    late = noise()
    late[: round(0.05 * SAMPLE_RATE)] = 0.0
    quiet = features(np.zeros(SAMPLES))
    for name in ("loudness, transient", "brightness, transient", "flatness, transient"):
        assert features(late)[name] == pytest.approx(quiet[name], abs=1e-3)


def test_silence_has_finite_features_and_gradients():
    audio = torch.zeros((2, SAMPLES), requires_grad=True)
    made = get_features(audio)
    made.sum().backward()
    assert torch.isfinite(made).all()
    assert torch.isfinite(audio.grad).all()
    assert made[0, 0] < -55.0


def test_hits_of_a_batch_do_not_hear_each_other():
    hits = torch.from_numpy(np.stack([struck(0.1), struck(0.4, seed=1), tone(500.0)])).float()
    together = get_features(hits)
    for alone, one in zip(hits, together, strict=True):
        torch.testing.assert_close(get_features(alone[None])[0], one, rtol=1e-4, atol=1e-3)


def test_what_lies_behind_the_windows_is_not_heard():
    longer = torch.from_numpy(np.stack([np.concatenate([struck(0.3), noise(5)])])).float()
    torch.testing.assert_close(get_features(longer), get_features(longer[:, :SAMPLES]))


@pytest.mark.parametrize("column", range(len(FEATURES)), ids=NAMES)
def test_gradients_are_right(column):
    hit, step = struck(0.2), struck(0.05, seed=3)
    size = torch.tensor(0.0, requires_grad=True)
    audio = torch.from_numpy(hit).float(), torch.from_numpy(step).float()
    (slope,) = torch.autograd.grad(get_features((audio[0] + size * audio[1])[None])[0, column], size)
    ends = [list(features(hit + by * step).values())[column] for by in (-2e-2, 2e-2)]
    assert slope.item() == pytest.approx((ends[1] - ends[0]) / 4e-2, rel=0.06, abs=0.02)
