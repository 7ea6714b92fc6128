import json
from dataclasses import replace

import pytest

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import Normaliser
from ddsp_pi.errors import ConfigError

SOFT, MIDDLE, LOUD = (
    HitFeatures(*values) for values in ((-40.0, 80.0, -30.0), (-25.0, 95.0, -15.0), (-10.0, 110.0, -10.0))
)


def taught(**how):
    normaliser = Normaliser(**how)
    for hit in (SOFT, LOUD):
        normaliser.normalise(hit)
    return normaliser


def test_half_until_a_range_is_known():
    normaliser = Normaliser()
    assert normaliser.normalise(LOUD) == (0.5, 0.5, 0.5)
    assert normaliser.normalise(LOUD) == (0.5, 0.5, 0.5)
    assert normaliser.normalise(replace(LOUD, loudness_db=-20.0)) == (0.0, 0.5, 0.5)


def test_then_where_in_the_range_it_is():
    normaliser = taught()
    assert normaliser.normalise(SOFT) == (0.0, 0.0, 0.0)
    assert normaliser.normalise(LOUD) == (1.0, 1.0, 1.0)
    assert normaliser.normalise(MIDDLE) == (0.5, 0.5, 0.75)


def test_a_louder_hit_widens_the_range():
    normaliser = taught()
    assert normaliser.normalise(replace(LOUD, loudness_db=20.0))[0] == 1.0
    assert normaliser.normalise(LOUD)[0] == 0.5


def test_reset_restores():
    normaliser = taught()
    normaliser.reset()
    assert normaliser.normalise(MIDDLE) == (0.5, 0.5, 0.5)
    assert normaliser.save() == {
        "loudness_db": [-25.0, -25.0],
        "centroid": [95.0, 95.0],
        "flatness_db": [-15.0, -15.0],
    }


def test_ranges_are_plain_data_and_come_back():
    saved = json.loads(json.dumps(taught().save()))
    assert Normaliser(saved).normalise(MIDDLE) == (0.5, 0.5, 0.75)
    assert Normaliser().save() == {}
    assert Normaliser({}).normalise(MIDDLE) == (0.5, 0.5, 0.5)


def test_kept_ranges_stay_and_what_is_beyond_is_their_end():
    normaliser = Normaliser(taught().save(), learning=False)
    assert normaliser.normalise(HitFeatures(0.0, 60.0, -15.0)) == (1.0, 0.0, 0.75)
    assert normaliser.save() == taught().save()
    normaliser.learning = True
    normaliser.normalise(replace(LOUD, loudness_db=0.0))
    assert normaliser.save()["loudness_db"] == [-40.0, 0.0]


def test_loading_forgets_what_was_known():
    normaliser = taught()
    normaliser.load({"centroid": (90, 100)})
    assert normaliser.save() == {"centroid": [90.0, 100.0]}


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        (
            {"loudness": [0.0, 1.0]},
            "range of 'loudness': no feature of a hit; there are loudness_db, centroid",
        ),
        ({"centroid": [1.0]}, r"range of centroid: \[1.0\]; give the lowest and the highest"),
        ({"centroid": [2.0, 1.0]}, "give the lowest and the highest value"),
        ({"centroid": [0.0, float("nan")]}, "give the lowest"),
        ({"centroid": ["low", "high"]}, "give the lowest"),
        ({"centroid": None}, "give the lowest"),
    ],
)
def test_ranges_that_are_none_are_refused_and_the_old_ones_stay(ranges, said):
    normaliser = taught()
    with pytest.raises(ConfigError, match=said):
        normaliser.load(ranges)
    assert normaliser.save() == taught().save()


def test_the_reference_hit_is_the_centre():
    normaliser = taught()
    assert normaliser.centred(MIDDLE, MIDDLE) == (0.0, 0.0, 0.0)
    assert normaliser.centred(LOUD, MIDDLE) == (0.5, 0.5, 0.25)
    assert normaliser.centred(SOFT, MIDDLE) == (-0.5, -0.5, -0.75)


def test_the_reference_widens_no_range():
    normaliser = Normaliser()
    assert normaliser.centred(MIDDLE, LOUD) == (0.0, 0.0, 0.0)
    assert normaliser.save()["loudness_db"] == [-25.0, -25.0]
