import pytest

from ddsp_pi.dsp.ear import Tone
from ddsp_pi.dsp.octave_guard import CLEAN, CONVINCED, PATIENCE, OctaveGuard
from ddsp_pi.dsp.pitch import Pitch


def check(guard, f0_hz, hops, confidence=0.9):
    return [guard.check(Pitch(f0_hz, confidence, True)) for _ in range(hops)]


@pytest.mark.parametrize("wrong_hz", [401.0, 99.0, 800.0])
def test_a_short_leap_inside_a_note_is_not_followed(wrong_hz):
    guard = OctaveGuard()
    check(guard, 200.0, 50)
    assert check(guard, wrong_hz, PATIENCE) == pytest.approx([200.0] * PATIENCE, rel=0.02)
    assert check(guard, 202.0, 3) == [202.0] * 3


def test_a_leap_that_lasts_is_believed():
    guard = OctaveGuard()
    check(guard, 200.0, 50)
    assert check(guard, 400.0, PATIENCE + 2)[-1] == 400.0


def test_a_leap_in_a_clean_tone_is_believed_sooner():
    guard = OctaveGuard()
    check(guard, 200.0, 50)
    assert check(guard, 400.0, PATIENCE // CONVINCED + 2, CLEAN + 0.01)[-1] == 400.0


def test_a_note_that_began_on_the_wrong_octave_is_mended_as_soon():
    guard = OctaveGuard()
    check(guard, 400.0, 3)
    assert check(guard, 200.0, 4)[-1] == 200.0


def test_a_note_that_was_never_clear_is_left_at_once():
    guard = OctaveGuard()
    check(guard, 400.0, 30, 0.7)
    assert check(guard, 200.0, 1) == [200.0]


def test_an_octave_below_that_is_much_clearer_is_the_note():
    guard = OctaveGuard()
    high = Pitch(400.0, 0.9, True, Tone(400.0, 0.85, 201.0, 0.95))
    assert guard.check(high) == 201.0
    assert guard.check(Pitch(200.0, 0.9, True, Tone(200.0, 0.95, 100.0, 0.96))) == 200.0


def test_other_steps_and_the_first_note_are_followed_at_once():
    guard = OctaveGuard()
    assert check(guard, 200.0, 1) == [200.0]
    assert check(guard, 300.0, 1) == [300.0]
    guard.reset()
    assert check(guard, 600.0, 1) == [600.0]
