import math

from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.wake import Wake

TEDIUM = find_board("terminal-tedium-wm8731").cvs
BREADBOARD = find_board("breadboard").cvs


def test_a_jack_with_a_knob_sleeps_until_it_moves_and_then_stays_awake():
    wake = Wake(TEDIUM, {2: 0.25})
    seen = [wake.seen((1.0, volts, 3.0))[1] for volts in (0.5, 0.6, 0.26, 0.8, 0.5)]
    assert [math.isnan(volts) for volts in seen] == [True, True, True, False, False]
    assert seen[3:] == [0.8, 0.5]


def test_other_jacks_are_awake():
    assert Wake(TEDIUM, {2: 0.25}).seen((1.0, 2.0, 3.0))[::2] == (1.0, 3.0)


def test_where_there_is_no_knob_there_is_nothing_to_hide():
    assert Wake(BREADBOARD, {2: 0.25}).seen((1.0, 2.0)) == (1.0, 2.0)


def test_it_waits_for_the_first_reading():
    wake = Wake(TEDIUM, {1: 0.25})
    assert math.isnan(wake.seen((math.nan, math.nan))[0])
    assert math.isnan(wake.seen((4.0, 0.0))[0])
    assert wake.seen((4.5, 0.0))[0] == 4.5
