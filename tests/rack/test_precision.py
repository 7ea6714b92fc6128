"""How well the jacks play in tune: gain 3 % wrong, 40 mV off, 0.3 % bent, a count of noise."""

import numpy as np
import pytest

from ddsp_pi.rack.cvs import SCAN_NS
from tests.rack.desk import FIVE, Desk

CENTS = 1200.0
SECOND = 1_000_000_000 // SCAN_NS
SIX_MS = 6_000_000 // SCAN_NS


@pytest.fixture(scope="module")
def desk():
    desk = Desk()
    desk.calibrate()
    return desk


def errors(desk, volts):
    """Cents by which the mean of what is read is off, at each of these volts."""
    found = []
    for wanted in volts:
        desk.volts = wanted
        desk.scan(40)
        found.append((np.mean(desk.scan(200)) - wanted) * CENTS)
    return np.array(found)


def test_uncalibrated_it_is_far_out_of_tune():
    assert np.abs(errors(Desk(), FIVE)).max() > 100


@pytest.mark.parametrize("seed", range(3))
def test_five_points_tune_eight_octaves_to_one_and_a_half_cents(seed):
    desk = Desk(seed=seed)
    desk.calibrate()
    assert np.abs(errors(desk, np.linspace(-4.0, 4.0, 49))).max() < 1.5


def test_two_points_are_in_tune_at_both_and_bent_between():
    desk = Desk()
    desk.calibrate((-4.0, 4.0))
    low, middle, high = errors(desk, (-4.0, 0.0, 4.0))
    assert max(abs(low), abs(high)) < 1.5
    assert 10 < middle < 30


def test_beyond_its_points_a_calibration_goes_on_straight():
    desk = Desk()
    desk.calibrate((-2.0, -1.0, 0.0, 1.0, 2.0))
    assert np.abs(errors(desk, np.linspace(-2.0, 2.0, 9))).max() < 1.5
    assert np.abs(errors(desk, (-4.0, 4.0))).max() < 15


@pytest.mark.parametrize("volts", [-3.0, 0.0013, 2.9987])
def test_a_steady_jack_trembles_by_less_than_two_cents(desk, volts):
    desk.volts = volts
    desk.scan(SECOND)
    heard = np.array(desk.scan(10 * SECOND)) * CENTS
    assert np.abs(heard - heard.mean()).max() <= 2.0
    assert heard.std() > 0.05, "there is no noise to be steady in"


def test_an_octave_is_there_within_five_cents_in_six_milliseconds(desk):
    worst = []
    for step in range(300):
        before, after = divmod(step, 8)[1] - 4.0, (divmod(step, 8)[1] - 3.0) + step / 1e5
        desk.volts = before
        desk.scan(150)
        desk.volts = after
        # The step is just behind a reading: the next one is the first to see it.
        worst.append(max(abs(volts - after) for volts in desk.scan(40)[SIX_MS - 1 :]))
    assert max(worst) * CENTS <= 5.0
