"""What hits are measured by: learned from the drum that is played, held, forgotten, kept and taken again."""

from dataclasses import astuple

import numpy as np
import pytest

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.yardstick import FEW, MIDDLE, PEAK, RECENT, Yardstick, checked_measures
from ddsp_pi.errors import ConfigError

RANGES = {"loudness_db": [-60.0, 0.0], "centroid": [70.0, 110.0], "flatness_db": [-100.0, -20.0]}
REFERENCE = HitFeatures(-20.0, 95.0, -70.0)


def trained():
    return Yardstick(RANGES, REFERENCE)


def hits(count, gain_db=0.0, seed=0):
    """Of one drum; `gain_db` is that of its microphone."""
    rng = np.random.default_rng(seed)
    loudness = rng.uniform(-40.0, -8.0, count)
    return [
        HitFeatures(level + gain_db, 90.0 + 0.3 * (level + 24.0) + rng.normal(), -60.0 + rng.normal())
        for level in loudness.tolist()
    ]


def learned(yardstick, played):
    return [yardstick.difference(hit) for hit in played]


def median(played):
    """Of each feature for itself."""
    columns = zip(*map(astuple, played), strict=True)
    return HitFeatures(*(sorted(column)[len(played) // 2] for column in columns))


def test_the_reference_hit_differs_in_nothing_from_the_start_on():
    assert trained().difference(REFERENCE) == (0.0, 0.0, 0.0)
    yardstick, played = trained(), hits(120)
    learned(yardstick, played)
    yardstick.learning = False
    assert yardstick.difference(yardstick._usual.hit) == (0.0, 0.0, 0.0)


def test_at_the_start_it_is_the_mapper_s_with_the_mapper_s_ranges():
    louder = HitFeatures(-5.0, 95.0, -70.0)
    assert trained().difference(louder) == pytest.approx((0.25, 0.0, 0.0))


def test_the_usual_hit_becomes_the_median_one_of_the_drum_that_is_played():
    yardstick, played = trained(), hits(RECENT)
    learned(yardstick, played)
    assert yardstick._usual.hit == median(played), "those it began with have left"
    more = hits(RECENT // 4, gain_db=-3.0, seed=1)
    learned(yardstick, more)
    assert yardstick._usual.hit == median([*played, *more][-RECENT:])


def test_one_odd_hit_of_median_loudness_moves_the_usual_one_by_little():
    """A stick on the rim among strokes on the skin: much brighter, and as loud as the middle of them."""
    yardstick, played = trained(), hits(41)
    yardstick.relearn()
    learned(yardstick, [*played, HitFeatures(median(played).loudness_db, 130.0, -5.0)])
    usual, skin = yardstick._usual.hit, median(played)
    assert abs(usual.centroid - skin.centroid) < 3.0
    assert abs(usual.flatness_db - skin.flatness_db) < 6.0


def test_another_gain_of_the_microphone_makes_no_difference_after_some_hits():
    usual, softer = (learned(trained(), hits(400, gain_db)) for gain_db in (0.0, -14.0))
    off = np.abs(np.array(usual) - np.array(softer))[:, 0]
    assert off[0] == pytest.approx(14.0 / 60.0, abs=1e-6)
    assert off[40:].max() < 0.06


def test_a_few_hits_do_not_outweigh_the_mapper_s():
    yardstick = trained()
    learned(yardstick, [HitFeatures(-50.0, 80.0, -50.0)] * (FEW - 1))
    assert yardstick._usual.hit == REFERENCE
    learned(yardstick, [HitFeatures(-50.0, 80.0, -50.0)] * 2)
    assert yardstick._usual.hit.loudness_db == -50.0


def test_what_nobody_was_trained_with_is_measured_by_the_middle_of_what_is_heard():
    yardstick = Yardstick()
    loud, soft, between = (HitFeatures(db, 90.0, -50.0) for db in (0.0, -40.0, -10.0))
    made = [yardstick.difference(hit)[0] for hit in (loud, soft, between)]
    assert made == [0.0, -0.5, 0.25]
    assert yardstick.difference(loud)[1:] == (0.0, 0.0), "0.5 where the range is a point"


def test_relearning_forgets_everything_the_mapper_s_too():
    yardstick, far = trained(), hits(60, gain_db=-30.0)
    learned(yardstick, hits(60))
    yardstick.relearn()
    assert yardstick.save() == {}
    assert yardstick.difference(far[0]) == (0.0, 0.0, 0.0)
    learned(yardstick, far[1:])
    assert yardstick._usual.hit == median(far)
    ends = [hit.loudness_db for hit in far]
    assert yardstick.save()["loudness_db"] == [min(ends), median(far).loudness_db, max(ends)]


def test_held_it_learns_nothing():
    yardstick = trained()
    learned(yardstick, hits(50))
    yardstick.loudness(-20.0)
    before = yardstick.save()
    yardstick.learning = False
    learned(yardstick, [HitFeatures(-79.0, 20.0, -159.0)] * 50)
    assert yardstick.loudness(-70.0) == yardstick.loudness(0.0) == MIDDLE
    assert yardstick.save() == before
    assert Yardstick().difference(REFERENCE) == (0.0, 0.0, 0.0)


def test_nothing_is_kept_before_a_hit_was_heard():
    assert trained().save() == {}
    assert Yardstick().save() == {}


def test_what_was_kept_measures_as_before():
    one, other, played = trained(), trained(), hits(200, gain_db=-12.0)
    learned(one, played)
    for peak_db in (-30.0, -6.0):
        one.loudness(peak_db)
    other.load(one.save())
    assert other.save() == one.save()
    one.learning = other.learning = False
    assert learned(one, played) == learned(other, played)
    assert other.loudness(-18.0) == one.loudness(-18.0) == 0.5


def test_a_drum_that_is_known_is_not_another_one_for_a_few_hits():
    one, other = trained(), trained()
    learned(one, hits(200))
    other.load(one.save())
    learned(other, [HitFeatures(-39.0, 85.0, -60.0)] * (RECENT // 4))
    assert other.save()["loudness_db"][1] == one.save()["loudness_db"][1]


def test_a_reset_is_the_start_or_the_drum_that_was_recalled():
    yardstick = trained()
    learned(yardstick, hits(30))
    yardstick.reset()
    assert yardstick.save() == {}
    kept = {name: [low, (low + high) / 2.0, high] for name, (low, high) in RANGES.items()}
    yardstick.load(kept)
    learned(yardstick, [HitFeatures(5.0, 120.0, -5.0)] * 300)
    yardstick.reset()
    assert yardstick.save() == kept


def test_another_mapper_measures_by_what_was_heard_and_its_own_ranges():
    wider = {"loudness_db": [-70.0, -30.0], "centroid": [60.0, 100.0], "flatness_db": [-90.0, -10.0]}
    yardstick, played = trained(), hits(100)
    learned(yardstick, played)
    yardstick.begin_with(wider, HitFeatures(-50.0, 80.0, -50.0))
    ends = [hit.loudness_db for hit in played]
    assert yardstick.save()["loudness_db"][::2] == [-70.0, max(ends)]
    few = HitFeatures(-50.0, 80.0, -50.0)
    assert yardstick._usual.hit == median([few] * FEW + played)


def test_a_drum_that_was_recalled_stays_whatever_the_mapper():
    yardstick = trained()
    kept = {name: [low, (low + high) / 2.0, high] for name, (low, high) in RANGES.items()}
    yardstick.load(kept)
    yardstick.begin_with({"loudness_db": [-79.0, -1.0]}, HitFeatures(-50.0, 80.0, -50.0))
    assert yardstick.save() == kept


@pytest.mark.parametrize(
    "measures",
    [
        {"loudness_db": [-60.0, -20.0]},
        {"loudness_db": [-60.0, 10.0, 0.0]},
        {"loudness_db": [0.0, -20.0, -60.0]},
        {"loudness_db": [-60.0, float("nan"), 0.0]},
        {"loudness_db": ["soft", "usual", "loud"]},
        {"loudness_db": None},
        {"wobble": [1.0, 2.0, 3.0]},
        {PEAK: [1.0]},
        {PEAK: [1.0, 0.0]},
    ],
)
def test_what_are_no_measures_is_refused_and_changes_nothing(measures):
    yardstick = trained()
    learned(yardstick, hits(20))
    before = yardstick.save()
    with pytest.raises(ConfigError):
        yardstick.load(measures)
    with pytest.raises(ConfigError):
        checked_measures(measures)
    assert yardstick.save() == before
