"""What a mapper is shown of recorded hits: middles, differences, and pairs of them."""

import numpy as np
import pytest
import torch

from ddsp_pi.dsp.hit_features import HitFeatures, hit_features
from ddsp_pi.dsp.normaliser import FEATURES, Normaliser
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.card import Range
from ddsp_pi.train.drum_features import BRIGHTNESS, LOUDNESS, SAMPLES
from ddsp_pi.train.drum_hits import Hit
from ddsp_pi.train.drum_material import LATE, PIVOT_HZ, TAKINGS, Taking, hear, retaken, scale_of
from ddsp_pi.train.drum_pairs import Pairs
from ddsp_pi.train.mapper_settings import MapperSettings
from tests.train.strikes import strike

WIDE = (Range(-100.0, 100.0), Range(0.0, 200.0), Range(-200.0, 200.0))
"""Ranges that nothing leaves."""


def struck(force, drum="a"):
    audio = np.pad(strike(force, round(100 * force)), (0, SAMPLES))[:SAMPLES]
    return Hit(f"{drum}{force}", drum, audio)


FORCES = {"a": (0.1, 0.9, 0.5, 0.3, 0.7), "b": (1.0, 0.2, 0.6, 0.4)}
HITS = [struck(force, drum) for drum, forces in FORCES.items() for force in forces]


@pytest.fixture(scope="module")
def heard():
    return hear(HITS, TAKINGS)


def drawn(heard, seed=0, ranges=WIDE, **settings):
    quiet = {"batch": 64, "blend": 0.0} | settings
    return Pairs(heard, ranges, MapperSettings(**quiet)).draw(np.random.default_rng(seed))


def test_the_middle_hit_of_a_drum_has_as_many_louder_as_softer_ones(heard):
    middles = [HITS[place].name for place in heard.references]
    assert middles == ["a0.5"] * 5 + ["b0.6"] * 4
    assert not heard.wanted[heard.references].any()


def test_what_is_wanted_is_how_the_sound_differs(heard):
    loudness = heard.wanted[:5, LOUDNESS]
    assert [FORCES["a"][place] for place in loudness.argsort()] == sorted(FORCES["a"])


def test_the_scale_reaches_from_the_least_to_the_greatest(heard):
    scale = scale_of(heard)
    onsets = heard.onsets[0, 0]
    for column, ends in enumerate(scale.ranges):
        assert ends.low == pytest.approx(float(onsets[:, column].min()), abs=0.006)
        assert ends.high == pytest.approx(float(onsets[:, column].max()), abs=0.006)
    features = [hit_features(hit.audio[:256]) for hit in HITS]
    names = [hit.name for hit in HITS]
    np.testing.assert_allclose(
        scale.reference,
        [getattr(features[names.index("a0.5")], name) for name in FEATURES],
        atol=0.006,
    )


def test_differences_are_those_of_the_running_normaliser(heard):
    """Ranges that some hits leave, too."""
    narrow = (Range(-30.0, -18.0), Range(90.0, 110.0), Range(-60.0, -10.0))
    made = heard.differences(narrow).numpy()
    known = {name: [ends.low, ends.high] for name, ends in zip(FEATURES, narrow, strict=True)}
    normaliser = Normaliser(known, learning=False)
    onsets = [HitFeatures(*row) for row in heard.onsets[0, 0].tolist()]
    for place, reference in enumerate(heard.references):
        wanted = normaliser.centred(onsets[place], onsets[reference])
        np.testing.assert_allclose(made[place], wanted, atol=1e-5)


def test_own_ranges_span_each_drum(heard):
    made = heard.own_differences()
    for places in heard.drums:
        spans = made[places].amax(0) - made[places].amin(0)
        torch.testing.assert_close(spans, torch.ones(3))
        assert not made[places[len(places) // 2]].any()


def test_hits_that_are_all_the_same_differ_in_nothing():
    same = hear([struck(0.5), struck(0.5), struck(0.5)])
    assert not same.own_differences().any()
    assert same.wanted.abs().max() < 1e-3


def test_more_gain_is_louder_by_that_and_hardly_anything_else(heard):
    loudest = [places[-1] for places in heard.drums]
    for number, (gain_db, tilt_db) in enumerate(TAKINGS):
        if tilt_db:
            continue
        change = heard.onsets[0, number] - heard.onsets[0, 0]
        np.testing.assert_allclose(change[loudest], [[gain_db, 0.0, 0.0]] * 2, atol=0.05)
        sounds = heard.sounds[number, loudest] - heard.sounds[0, loudest]
        np.testing.assert_allclose(sounds[:, LOUDNESS], gain_db, atol=0.6)


def test_a_tilt_brightens_all_that_is_heard_and_all_that_sounds(heard):
    tilts = sorted((tilt_db, number) for number, (gain_db, tilt_db) in enumerate(TAKINGS) if not gain_db)
    rows = [number for _, number in tilts]
    assert len(rows) >= 5
    assert (heard.onsets[0, rows, :, 1].diff(dim=0) > 0.0).all()
    assert (heard.sounds[rows, :, BRIGHTNESS].diff(dim=0) > 0.0).all()


@pytest.mark.parametrize(("hz", "gain_db"), [(20.0, -2.0), (PIVOT_HZ, 7.3), (20000.0, 9.9)])
def test_a_shelf_turns_what_is_below_down_and_what_is_above_up(hz, gain_db):
    """12 dB of tilt, half of it below and half above, and a gain of 4 dB; between them it is the root of the
    mean of both squares."""
    tone = np.sin(2.0 * np.pi * hz * np.arange(9600) / SAMPLE_RATE).astype(np.float32)
    made = retaken(tone, Taking(4.0, 12.0))[2400:]
    size = np.sqrt(np.mean(made.astype(np.float64) ** 2) / np.mean(tone[2400:].astype(np.float64) ** 2))
    assert 20.0 * np.log10(size) == pytest.approx(gain_db, abs=0.2)


def test_no_shelf_begins_a_sound_earlier():
    click = np.zeros(2000, np.float32)
    click[1000] = 1.0
    assert np.abs(retaken(click, Taking(0.0, 12.0))[:1000]).max() < 1e-6


def test_without_anything_drawn_pairs_are_hits_and_middles(heard):
    """Onsets late and hits at other gains are drawn all the same."""
    heard_differences, wanted = drawn(heard, references=0.0)
    onsets = heard.onsets.reshape(-1, 3) / torch.tensor([200.0, 200.0, 400.0])
    middles = {drum: onsets[place] for drum, place in (("a", 2), ("b", 7))}
    of_hits = torch.cat([onsets - middles["a"], onsets - middles["b"]])
    for difference in heard_differences:
        assert (of_hits - difference).abs().amax(1).min() < 1e-6
    assert wanted.shape == (64, 7)
    assert heard_differences.shape == (64, 3)


def test_any_hit_may_be_the_reference(heard):
    few, many = (drawn(heard, batch=400, references=share)[1] for share in (0.0, 1.0))
    assert many[:, LOUDNESS].max() > few[:, LOUDNESS].max() + 3.0
    assert len({tuple(row) for row in many.tolist()}) > 2 * len({tuple(row) for row in few.tolist()})


def test_pairs_are_of_one_drum():
    """Two drums 40 dB apart: no difference is as large as that."""
    quiet = [Hit(hit.name, "quiet", 0.01 * hit.audio) for hit in HITS[:5]]
    both = hear([*HITS[:5], *quiet])
    wanted = drawn(both, batch=300, references=1.0, blend=0.5)[1]
    assert wanted[:, LOUDNESS].abs().max() < 36.0


def test_blends_lie_between_hits(heard):
    plain, blended = (drawn(heard, batch=300, references=0.0, blend=blend)[0] for blend in (0.0, 0.5))
    assert len(np.unique(blended[:, 0].numpy())) > 290
    assert blended.abs().max() <= plain.abs().max() + 1e-6


def test_batches_are_a_function_of_the_seed(heard):
    first, again, other = (drawn(heard, seed=seed, blend=0.5) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first[0], other[0])


def test_late_onsets_are_learned_too(heard):
    assert heard.onsets.shape == (len(LATE), len(TAKINGS), len(HITS), 3)
    assert (heard.onsets[-1] - heard.onsets[0]).abs().amax(dim=(0, 1)).min() > 0.01
