"""The real RPi.GPIO library on registers that are a file: the test is the hardware behind them."""

import fcntl
import os
import termios
import time
from array import array
from pathlib import Path

import pytest

from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.pins import inputs, outputs
from tests.boards.memory import ALTERNATIVE_0, INPUT, NO_PULL, OUTPUT, PULL_UP
from tests.boards.part import RefusedError

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


class Told:
    """Lines whose edges the kernel tells in /sys/class/gpio, where the library waits: a byte each."""

    def __init__(self, folder, pins):
        self._told = {}
        for pin in pins:
            line = folder / f"gpio{pin}"
            line.mkdir()
            os.mkfifo(line / "value")
            # Open for both, so that the library never sees it end.
            self._told[pin] = os.open(line / "value", os.O_RDWR)
            for name in ("direction", "edge"):
                (line / name).touch()
            # The first one only tells the level, and the library passes over it.
            os.write(self._told[pin], b"1")

    def edge(self, pin):
        """There was an edge; the library has woken up for all before, and will for this one."""
        for told in self._told.values():
            until_read(told)
        os.write(self._told[pin], b"1")

    def close(self):
        for told in self._told.values():
            os.close(told)


def until_read(pipe):
    """Wait until nothing is left in a pipe."""
    give_up_at = time.monotonic() + 20
    left = array("i", [1])
    while left[0]:
        assert time.monotonic() < give_up_at, "nobody reads"
        fcntl.ioctl(pipe, termios.FIONREAD, left)


@pytest.fixture
def told(exported):
    lines = Told(exported, [line.pin for line in inputs(find_board(BOARD).lines).values()])
    yield lines
    lines.close()


def until_told(part, count):
    """The changes, once there are so many."""
    found = []
    give_up_at = time.monotonic() + 20
    while len(found) < count and time.monotonic() < give_up_at:
        found += part.call("changes")
    return found


def test_edges_are_noticed_at_once_and_told_when_asked(pins, registers, told):
    part = pins(BOARD)
    assert part.call("backend") == "RPi.GPIO 0.7.1, edges"
    assert part.call("changes") == []
    for name, line in inputs(find_board(BOARD).lines).items():
        for active in (True, False):
            registers.drive(line.pin, not active)
            begun_ns = time.monotonic_ns()
            told.edge(line.pin)
            ((said_name, said_active, at_ns),) = until_told(part, 1)
            assert (said_name, said_active) == (name, active)
            assert begun_ns <= at_ns <= time.monotonic_ns()


def test_a_pulse_that_is_over_before_anybody_looks_is_told_with_both_its_edges(pins, told):
    part = pins(BOARD)
    assert part.call("changes") == []
    told.edge(4)
    assert [(name, active) for name, active, _ in until_told(part, 2)] == [
        ("gate_in_1", True),
        ("gate_in_1", False),
    ]
    assert part.call("changes") == []


def test_a_line_whose_edges_cannot_be_had_makes_all_of_them_polled(pins, registers, exported, told):
    for file in (exported / "gpio24").iterdir():
        file.unlink()
    (exported / "gpio24").rmdir()
    part = pins(BOARD)
    assert part.call("backend").endswith("polled at 1 kHz")
    said(part)
    registers.drive(4, False)
    assert said(part) == [("gate_in_1", True)]
    assert said(part) == []


def test_registers_that_cannot_be_had_are_named_with_a_remedy(start, pi, exported):
    with pytest.raises(RefusedError, match=r"^RPi\.GPIO 0\.7\.1: .*usermod -aG gpio"):
        start("pins", BOARD, within=[*pi, "/dev/null", exported])


@pytest.mark.skipif(Path("/proc/device-tree/model").exists(), reason="this may be a Pi")
def test_another_machine_is_no_pi(start, need_library):
    need_library("RPi", "RPi.GPIO")
    with pytest.raises(RefusedError, match=r"^RPi\.GPIO: .*Raspberry Pi"):
        start("pins", BOARD)
