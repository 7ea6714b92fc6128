"""The real RPi.GPIO library on registers that are a file: the test is the hardware behind them."""

import time

import pytest

from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.pins import inputs, outputs
from tests.boards.memory import ALTERNATIVE_0, INPUT, NO_PULL, OUTPUT, PULL_UP

BOARD = "terminal-tedium-wm8731"


@pytest.fixture(autouse=True)
def resting(registers):
    """Nothing is patched: pull-ups hold every line high."""
    registers.level[0] = 0xFFFFFFFF


def said(part):
    return [(name, active) for name, active, _ in part.call("changes")]


@pytest.mark.parametrize("name", board_names())
def test_every_pin_of_a_board_is_set_up_as_its_table_says(pins, registers, name):
    pins(name)
    lines = find_board(name).lines
    for line in inputs(lines).values():
        pull = PULL_UP if line.pull_up else NO_PULL
        assert (registers.function(line.pin), registers.pulled(line.pin)) == (INPUT, pull)
    for line in outputs(lines).values():
        assert registers.function(line.pin) == OUTPUT


def test_a_line_that_is_pulled_low_is_active(pins, registers):
    part = pins(BOARD)
    assert said(part) == []
    for name, line in inputs(find_board(BOARD).lines).items():
        registers.drive(line.pin, False)
        assert said(part) == [(name, True)]
        assert said(part) == []
        registers.drive(line.pin, True)
        assert said(part) == [(name, False)]


def test_the_first_reading_tells_what_is_active_then(pins, registers):
    registers.drive(4, False)
    part = pins(BOARD)
    registers.drive(23, False)
    assert said(part) == [("gate_in_1", True), ("button_1", True)]


def test_changes_carry_the_time_of_their_reading(pins, registers):
    part = pins(BOARD)
    said(part)
    registers.drive(17, False)
    before_ns = time.monotonic_ns()
    ((_, _, at_ns),) = part.call("changes")
    assert before_ns <= at_ns <= time.monotonic_ns()


def test_outputs_are_set(pins, registers):
    part = pins(BOARD)
    registers.driven()
    for name, line in outputs(find_board(BOARD).lines).items():
        part.call("set", name, True)
        assert registers.driven() == ([line.pin], [])
        part.call("set", name, False)
        assert registers.driven() == ([], [line.pin])


def test_outputs_are_low_before_their_pins_drive(pins, registers):
    pins(BOARD)
    high, low = registers.driven()
    assert high == []
    assert low == [26], "the last of them to be set up"


def test_closing_gives_our_pins_back_and_no_others(pins, registers):
    for pin in (9, 10, 11):
        registers.set_function(pin, ALTERNATIVE_0)
    part = pins(BOARD)
    part.call("set", "led", True)
    registers.driven()
    part.call("close")
    assert registers.driven() == ([], [26])
    for line in find_board(BOARD).lines.values():
        assert (registers.function(line.pin), registers.pulled(line.pin)) == (INPUT, NO_PULL)
    assert [registers.function(pin) for pin in (9, 10, 11)] == [ALTERNATIVE_0] * 3


def test_it_says_which_library_it_is_and_that_it_polls(pins):
    assert pins(BOARD).call("backend") == "RPi.GPIO 0.7.1, polled at 1 kHz"
