import math

import numpy as np
import pytest

from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_CVS, Press
from ddsp_pi.rack.performance import Performance
from ddsp_pi.rack.sim import SimBoard


@pytest.fixture
def board():
    volts = np.full((3, N_CVS), np.nan)
    volts[:, 0] = 1.0, 2.0, 3.0
    return SimBoard(Performance(np.array([0, 100, 200]), volts, (Edge(1, True, 50), Edge(1, False, 150))))


def test_hands_put_cables_over_those_of_the_performance_and_pull_them_out(board):
    board.patch(1, -0.5)
    board.patch(3, 4.0)
    assert board.volts(101)[:3] == (-0.5, pytest.approx(math.nan, nan_ok=True), 4.0)
    board.patch(3, math.nan)
    assert math.isnan(board.volts(101)[2])


def test_hands_open_gates_and_press_buttons_among_those_of_the_performance(board):
    board.move_gate(2, True, 60)
    board.press(Press((3,), True, 61))
    assert board.events(100) == [Edge(1, True, 50), Edge(2, True, 60), Press((3,), True, 61)]
    assert board.events(200) == [Edge(1, False, 150)]


def test_unplugging_closes_what_hands_have_opened(board):
    board.move_gate(2, True, 60)
    board.events(100)
    board.unplug()
    assert {(edge.gate, edge.high) for edge in board.events(120)} == {(1, False), (2, False)}


@pytest.mark.parametrize(("act", "what"), [("patch", "CV jack"), ("move_gate", "gate")])
@pytest.mark.parametrize("number", [0, 9])
def test_jacks_that_are_not_there_are_refused(board, act, what, number):
    arguments = (number, 1.0) if act == "patch" else (number, True, 0)
    with pytest.raises(ValueError, match=f"no {what} {number}"):
        getattr(board, act)(*arguments)


def test_it_shows_what_its_outputs_say(board):
    board.set_gate(2, True)
    board.set_led(True)
    assert (board.high, board.lit) == ({2: True}, True)
