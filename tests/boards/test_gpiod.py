"""What of libgpiod's driver needs no chip. Edges and outputs of a real kernel are tested in a guest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.pins import inputs, outputs
from tests.conftest import CI

if not CI:
    pytest.importorskip("gpiod", reason="gpiod is not installed: pip install 'ddsp-pi[rack]'")

from gpiod import EdgeEvent, LineInfo
from gpiod.line import Bias, Clock, Direction, Edge, Value

from ddsp_pi.rack import gpio

PI_4 = {"/dev/gpiochip0": "pinctrl-bcm2711", "/dev/gpiochip1": "raspberrypi-exp-gpio"}
PI_5 = {
    f"/dev/gpiochip{i}": label for i, label in enumerate(["gpio-brcmstb@0", "gpio-brcmstb@1", "pinctrl-rp1"])
}


def event(pin, number, rising=True):
    kind = EdgeEvent.Type.RISING_EDGE if rising else EdgeEvent.Type.FALLING_EDGE
    return EdgeEvent(kind.value, 1000 * number, pin, number, number)


def info(pin, used, consumer=""):
    return LineInfo(pin, f"GPIO{pin}", used, consumer, 1, False, 2, 1, 1, 1, False, 0)


@pytest.mark.parametrize(("labels", "path"), [(PI_4, "/dev/gpiochip0"), (PI_5, "/dev/gpiochip2")])
def test_the_chip_is_found_by_its_label(labels, path):
    assert gpio.find_chip(labels) == path


def test_a_machine_without_chips_is_no_pi():
    with pytest.raises(BoardError, match=r"there are: none; .*doctor"):
        gpio.find_chip({})


def test_all_chips_that_do_not_fit_are_named():
    with pytest.raises(BoardError, match=r"/dev/gpiochip0 \(INT33FF:00\), /dev/gpiochip1 \(ucb1x00\)"):
        gpio.find_chip({"/dev/gpiochip0": "INT33FF:00", "/dev/gpiochip1": "ucb1x00"})


def test_chips_that_may_not_be_opened_need_the_group():
    with pytest.raises(BoardError, match=r"/dev/gpiochip0: may not be used; 'sudo usermod -aG gpio"):
        gpio.find_chip({"/dev/gpiochip0": None, "/dev/gpiochip1": "raspberrypi-exp-gpio"})


def test_the_chips_of_this_machine_are_asked_without_a_fall():
    labels = gpio.chip_labels()
    assert all(path.startswith("/dev/gpiochip") for path in labels)
    if not set(labels.values()) & {*gpio.CHIP_LABELS, None}:
        with pytest.raises(BoardError, match="no GPIO chip of a Raspberry Pi"):
            gpio.GpiodPins(BOARD.lines)


@pytest.mark.parametrize("name", inputs(BOARD.lines))
def test_an_input_tells_both_edges_on_our_clock_and_is_not_debounced(name):
    line = BOARD.lines[name]
    asked = gpio.settings(line, output=False)
    assert (asked.direction, asked.edge_detection) == (Direction.INPUT, Edge.BOTH)
    assert (asked.bias, asked.active_low) == (Bias.PULL_UP, True)
    assert (asked.event_clock, asked.debounce_period) == (Clock.MONOTONIC, timedelta())


def test_an_input_without_a_pull_up_gets_none():
    bare = replace(BOARD.gates_in[0], pull_up=False, active_low=False)
    asked = gpio.settings(bare, output=False)
    assert (asked.bias, asked.active_low) == (Bias.DISABLED, False)


@pytest.mark.parametrize("name", outputs(BOARD.lines))
def test_an_output_begins_inactive(name):
    asked = gpio.settings(BOARD.lines[name], output=True)
    assert (asked.direction, asked.output_value) == (Direction.OUTPUT, Value.INACTIVE)
    assert asked.edge_detection is Edge.NONE


def test_whoever_holds_a_line_is_named():
    infos = [info(4, False), info(14, True, "serial0"), info(27, True)]
    assert gpio.holders(BOARD.lines, infos) == [
        "gate_in_3 (GPIO 14) is held by 'serial0'",
        "gate_in_4 (GPIO 27) is held by 'the kernel'",
    ]


def test_lost_edges_are_noticed_in_every_line_by_itself():
    numbering = gpio.Numbering()
    assert not numbering.gap([event(4, 7), event(17, 1), event(4, 8), event(17, 2)])
    assert not numbering.gap([event(4, 9)])
    assert numbering.gap([event(17, 4), event(4, 10)])
    assert not numbering.gap([event(17, 5), event(4, 11)])
    assert not numbering.gap([])
