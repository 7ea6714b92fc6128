"""Gates, buttons and light through the kernel's GPIO lines, by both libraries."""

import subprocess
import sys
import time

import gpiod
import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.gpio import GpiodPins, chip_labels, find_chip
from ddsp_pi.rack.pins import Change, inputs, outputs
from ddsp_pi.rack.rpi_gpio import RpiGpioPins
from tests.guest.inside import panel

PULSES = 500
QUIET_S = 0.3
"""After that long nothing that happened before is still on its way."""


@pytest.fixture
def lines():
    return panel.lines()


@pytest.fixture(params=[GpiodPins, RpiGpioPins])
def pins(request, lines):
    pins = request.param(BOARD.lines)
    assert pins.changes() == []
    yield pins
    pins.close()


@pytest.fixture
def gpiod_pins(lines):
    pins = GpiodPins(BOARD.lines)
    assert pins.changes() == []
    yield pins
    pins.close()


def all_changes(pins):
    """Everything, asked for until nothing more comes."""
    found, quiet_s = [], time.monotonic() + QUIET_S
    while time.monotonic() < quiet_s:
        more = pins.changes()
        if more:
            found, quiet_s = [*found, *more], time.monotonic() + QUIET_S
        time.sleep(0.001)
    return found


def told(changes):
    return [(change.name, change.active) for change in changes]


def test_the_chip_is_found_by_its_label_and_is_not_the_first():
    assert chip_labels()["/dev/gpiochip0"] == "raspberrypi-exp-gpio"
    assert find_chip() == str(panel.chip_path()) != "/dev/gpiochip0"


def test_the_library_and_what_it_found_are_named(pins):
    named = {GpiodPins: f"gpiod {gpiod.__version__}, pinctrl-bcm2711", RpiGpioPins: "rpi-lgpio "}
    assert pins.backend.startswith(named[type(pins)])
    assert "polled" not in pins.backend


def test_every_input_tells_its_own_edges(pins, lines):
    moves = [(name, active) for name in inputs(BOARD.lines) for active in (True, False)]
    for name, active in moves:
        lines[name].pull(active)
        time.sleep(0.005)
    assert told(all_changes(pins)) == moves


def test_an_input_to_which_nothing_is_connected_is_inactive(lines):
    lines["gate_in_1"].pull(True)
    pins = GpiodPins(BOARD.lines)
    # The pull-up that is asked for is stronger than the last hand that has let go.
    assert told(pins.changes()) == []
    pins.close()


def test_an_edge_has_the_time_at_which_it_was_and_not_that_of_asking(gpiod_pins, lines):
    spans = []
    for active in (True, False) * 10:
        begun_ns = time.monotonic_ns()
        lines["gate_in_2"].pull(active)
        spans.append((begun_ns, time.monotonic_ns()))
        time.sleep(0.01)
    changes = all_changes(gpiod_pins)
    assert told(changes) == [("gate_in_2", True), ("gate_in_2", False)] * 10
    for change, (earliest_ns, latest_ns) in zip(changes, spans, strict=True):
        assert earliest_ns <= change.at_ns <= latest_ns


@pytest.mark.parametrize("width_s", [0.001, 0.0])
def test_no_pulse_is_missed_whether_a_millisecond_or_as_short_as_can_be(pins, lines, width_s):
    line, found = lines["gate_in_1"], []
    for _ in range(PULSES):
        line.pull(True)
        if width_s:
            time.sleep(width_s)
        line.pull(False)
        time.sleep(0.002)
        found += pins.changes()
    found += all_changes(pins)
    assert told(found) == [("gate_in_1", True), ("gate_in_1", False)] * PULSES
    times = [change.at_ns for change in found]
    assert times == sorted(times)


def test_pulses_that_nobody_fetches_meanwhile_are_not_missed(pins, lines):
    for _ in range(200):
        for active in (True, False):
            lines["gate_in_3"].pull(active)
            time.sleep(0.001)
    assert told(all_changes(pins)) == [("gate_in_3", True), ("gate_in_3", False)] * 200


EDGE_BY_HAND = """
import subprocess
import sys
import time
from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.rpi_gpio import RpiGpioPins
pins = RpiGpioPins(BOARD.lines)
pins.changes()
print("ready", flush=True)
while not (found := pins.changes()):
    time.sleep(0.001)
print(found[0].name, found[0].active, pins.backend.rpartition(", ")[2])
pins.close()
"""


def test_a_library_that_root_has_used_serves_others_too(lines):
    RpiGpioPins(BOARD.lines).close()
    command = ("runuser", "-u", "player", "--", sys.executable, "-c", EDGE_BY_HAND)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as player:
        assert player.stdout is not None
        assert player.stdout.readline() == "ready\n"
        lines["gate_in_1"].pull(True)
        assert player.stdout.readline() == "gate_in_1 True edges\n"


def test_outputs_begin_inactive_are_seen_from_outside_and_end_inactive(pins, lines):
    outs = {name: lines[name] for name in outputs(BOARD.lines)}
    assert len(outs) == 3
    assert not any(line.active for line in outs.values())
    for name, line in outs.items():
        pins.set(name, True)
        assert {n for n, other in outs.items() if other.active} == {name}
        pins.set(name, False)
        assert not line.active
    for name in outs:
        pins.set(name, True)
    assert all(line.active for line in outs.values())
    pins.close()
    assert not any(line.active for line in outs.values())


def test_a_line_that_somebody_has_is_named_with_who_has_it(lines):
    settings = {BOARD.gates_in[1].pin: None}
    busy = r"gate_in_2 \(GPIO 17\) is held by 'sequencer'"
    with (
        gpiod.request_lines(find_chip(), settings, consumer="sequencer"),
        pytest.raises(BoardError, match=busy),
    ):
        GpiodPins(BOARD.lines)
    # Nothing of it was kept.
    GpiodPins(BOARD.lines).close()


def test_more_edges_than_the_kernel_keeps_end_with_the_right_level(gpiod_pins, lines):
    for _ in range(800):
        lines["gate_in_4"].pull(True)
        lines["gate_in_4"].pull(False)
    lines["gate_in_4"].pull(True)
    changes = all_changes(gpiod_pins)
    assert isinstance(changes[-1], Change)
    assert told(changes)[-1] == ("gate_in_4", True)
    levels = [change.active for change in changes]
    assert levels == [True, False] * (len(levels) // 2) + [True]
