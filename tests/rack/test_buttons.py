import pytest

from ddsp_pi.rack.board import Press
from ddsp_pi.rack.buttons import Buttons
from ddsp_pi.rack.pins import Change

MS = 1_000_000
LONG = 750 * MS


def moves(*steps):
    """Steps such as "+1@20": button 1 goes down at 20 ms."""
    split = [(step[0], step[1], int(step[3:])) for step in steps]
    return [Change(f"button_{button}", sign == "+", at * MS) for sign, button, at in split]


def read_every_ms(steps, until_ms):
    """What is told, as a board reads it: each millisecond all that came before."""
    buttons, left, presses = Buttons(LONG), moves(*steps), []
    for at_ms in range(until_ms + 1):
        due = [change for change in left if change.at_ns < at_ms * MS]
        left = left[len(due) :]
        presses += [(press, at_ms) for press in buttons.take(due, at_ms * MS)]
    return presses


def short(at_ms, *buttons):
    return Press(buttons, False, at_ms * MS)


def held(at_ms, *buttons):
    return Press(buttons, True, at_ms * MS)


PLAYED = {
    "a short press": ("+1@10 -1@100", [short(100, 1)]),
    "two, one after the other": ("+1@10 -1@100 +2@200 -2@300", [short(100, 1), short(300, 2)]),
    "just too short": ("+2@10 -2@759", [short(759, 2)]),
    "held": ("+2@10 -2@2000", [held(760, 2)]),
    "held for exactly the time": ("+2@10 -2@760", [held(760, 2)]),
    "held, and again": ("+3@10 -3@900 +3@1000 -3@1100", [held(760, 3), short(1100, 3)]),
    "still down": ("+1@10", [held(760, 1)]),
    "two together": ("+1@10 +2@40 -1@200 -2@230", [short(200, 1, 2)]),
    "two together, the other way round": ("+3@10 +1@40 -1@200 -3@230", [short(200, 1, 3)]),
    "two held together": ("+1@10 +2@400 -1@1300 -2@1310", [held(1150, 1, 2)]),
    "two, of which one is not held long enough": ("+1@10 +2@400 -2@1000 -1@1700", [short(1000, 1, 2)]),
    "three together": ("+1@10 +2@20 +3@30 -2@90 -1@95 -3@99", [short(90, 1, 2, 3)]),
    "a second one when the first was said": ("+1@10 +2@900 -2@1000 -1@1100", [held(760, 1), short(1000, 2)]),
    "the second of two goes on alone": (
        "+1@10 +2@40 -1@200 +1@300 -1@400 -2@900",
        [short(200, 1, 2), short(400, 1)],
    ),
    "bouncing": ("+1@10 -1@12 +1@13 -1@15 +1@18 -1@100 +1@103 -1@104", [short(100, 1)]),
    "a touch shorter than bouncing": ("+1@10 -1@15", [short(15, 1)]),
    "bouncing when held": ("+1@10 -1@12 +1@13 -1@900 +1@902 -1@903", [held(760, 1)]),
}


@pytest.mark.parametrize(("steps", "presses"), PLAYED.values(), ids=PLAYED.keys())
def test_presses(steps, presses):
    assert [press for press, _ in read_every_ms(steps.split(), 2100)] == presses


@pytest.mark.parametrize(("steps", "presses"), PLAYED.values(), ids=PLAYED.keys())
def test_presses_that_are_read_all_at_once(steps, presses):
    assert Buttons(LONG).take(moves(*steps.split()), 2100 * MS) == presses


def test_a_short_press_is_told_at_its_release_and_a_long_one_before_it():
    assert read_every_ms(["+1@10", "-1@100"], 200) == [(short(100, 1), 101)]
    assert read_every_ms(["+1@10", "-1@1900"], 2000) == [(held(760, 1), 760)]
