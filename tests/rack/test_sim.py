import math

import numpy as np
import pytest

from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_CVS, Press
from ddsp_pi.rack.performance import Performance
from ddsp_pi.rack.sim import LONG_PRESS_NS, SimBoard


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
    board.move("gate_in_2", True, 60)
    board.move("button_3", True, 61)
    assert board.events(100) == [Edge(1, True, 50), Edge(2, True, 60)]
    assert board.events(LONG_PRESS_NS + 62) == [Edge(1, False, 150), Press((3,), True, LONG_PRESS_NS + 61)]


def test_unplugging_closes_the_gates_of_the_performance_and_leaves_those_of_hands(board):
    board.move("gate_in_2", True, 60)
    board.events(100)
    board.unplug()
    assert board.events(120) == [Edge(1, False, 119)]
    assert board.events(300) == []


def test_jacks_and_buttons_that_are_not_there_are_refused(board):
    with pytest.raises(ValueError, match="no CV jack 9"):
        board.patch(9, 1.0)
    with pytest.raises(ValueError, match="no gate_in_5"):
        board.move("gate_in_5", True, 0)


def test_it_shows_what_its_outputs_say(board):
    board.set_gate(2, True)
    board.set_led(True)
    assert (board.high, board.lit) == ({2: True}, True)
