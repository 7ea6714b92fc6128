"""What every board table promises, kept by the real drivers on simulated chips."""

import math

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_CVS, N_GATES, Press
from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.cvs import SCAN_NS
from ddsp_pi.rack.mcp3208 import CHANNELS, Mcp3208
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.simulated import Flaws, SimPins, SimSpi

SECOND_NS = 1_000_000_000
SETTINGS = msgspec.structs.replace(load_config().rack, wakes={})


class Panel:
    """A board of a table, its cables and its lines."""

    def __init__(self, name: str, flaws: Flaws | None = None, **settings) -> None:
        self.spec = find_board(name)
        self.cables = [0.0] * len(self.spec.cvs)
        self.spi = SimSpi(self.spec.cvs, lambda jack: self.cables[jack], flaws)
        self.pins = SimPins()
        self.board = PanelBoard(
            self.spec, Mcp3208(self.spi), self.pins, msgspec.structs.replace(SETTINGS, **settings)
        )
        self.now_ns = 5 * SECOND_NS

    def play(self, seconds: float = 0.1) -> tuple[float, ...]:
        """Read the jacks as often as they are read; what they read last."""
        for _ in range(round(seconds * SECOND_NS / SCAN_NS)):
            self.now_ns += SCAN_NS
            volts = self.board.volts(self.now_ns)
        return volts


@pytest.fixture(params=board_names())
def panel(request):
    return Panel(request.param)


@pytest.fixture
def tedium():
    return Panel("terminal-tedium-wm8731")


def test_a_table_has_what_fits_on_a_panel(panel):
    spec = panel.spec
    assert 1 <= len(spec.cvs) <= N_CVS
    assert 1 <= len(spec.gates_in) <= N_GATES
    channels = [cv.channel for cv in spec.cvs]
    assert len(set(channels)) == len(channels)
    assert set(channels) <= set(range(CHANNELS))
    pins = [line.pin for line in spec.lines.values()] + list(spec.bus_pins.values())
    assert len(set(pins)) == len(pins)
    assert all(0 <= pin <= 27 for pin in pins)


def test_every_jack_reads_its_own_volts(panel):
    for jack, cv in enumerate(panel.spec.cvs):
        panel.cables[jack] = cv.low_volts + (jack + 1) / 10 * (cv.high_volts - cv.low_volts)
    read = panel.play()
    steps = [cv.volts_per_count for cv in panel.spec.cvs]
    assert read[: len(steps)] == pytest.approx(panel.cables, abs=max(steps))
    assert all(math.isnan(volts) for volts in read[len(steps) :])
    assert len(read) == N_CVS


def test_volts_beyond_the_range_are_held_at_its_ends(panel):
    for beyond in (-99.0, 99.0):
        panel.cables[0] = beyond
        panel.cables[1:] = [1.0] * len(panel.cables[1:])
        cv = panel.spec.cvs[0]
        assert panel.play()[0] == pytest.approx(cv.low_volts if beyond < 0 else cv.high_volts)


def test_every_gate_says_its_edges_at_their_times(panel):
    for gate in range(1, len(panel.spec.gates_in) + 1):
        begun_ns = gate * SECOND_NS
        panel.pins.move(f"gate_in_{gate}", True, begun_ns)
        panel.pins.move(f"gate_in_{gate}", False, begun_ns + 1_000_000)
        edges = [Edge(gate, True, begun_ns), Edge(gate, False, begun_ns + 1_000_000)]
        assert panel.board.events(begun_ns + SECOND_NS) == edges


def test_buttons_are_pressed_and_held(panel):
    for button in range(1, len(panel.spec.buttons) + 1):
        down_ns = 10 * button * SECOND_NS
        panel.pins.move(f"button_{button}", True, down_ns)
        panel.pins.move(f"button_{button}", False, down_ns + SECOND_NS // 5)
        (press,) = panel.board.events(down_ns + 2 * SECOND_NS)
        assert (press.buttons, press.held) == ((button,), False)
        panel.pins.move(f"button_{button}", True, down_ns + 3 * SECOND_NS)
        held = Press((button,), True, down_ns + 3 * SECOND_NS + 750_000_000)
        assert list(panel.board.events(down_ns + 4 * SECOND_NS)) == [held]
        panel.pins.move(f"button_{button}", False, down_ns + 5 * SECOND_NS)
        assert list(panel.board.events(down_ns + 6 * SECOND_NS)) == []


def test_outputs_are_set_and_all_off_in_the_end(panel):
    spec = panel.spec
    outputs = [f"gate_out_{gate}" for gate in range(1, len(spec.gates_out) + 1)]
    for gate in range(1, 5):
        panel.board.set_gate(gate, True)
    panel.board.set_led(True)
    lamp = ["led"] if spec.led else []
    assert panel.pins.lit == dict.fromkeys(outputs + lamp, True)
    panel.board.close()
    assert not any(panel.pins.lit.values())


def broken(panel, fault):
    match fault:
        case "absent":
            panel.spi.absent = True
        case "stuck low":
            panel.spi.stuck = 0
        case "stuck high":
            panel.spi.stuck = 1


FAULTS = {"absent": "Input/output error", "stuck low": "stuck low", "stuck high": "stays high"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_converter_that_is_gone_is_named_within_a_second_and_its_last_values_stay(panel, fault):
    panel.cables[:] = [1.25] * len(panel.cables)
    before = panel.play(0.5)
    broken(panel, fault)
    after = panel.play(0.998)
    assert after[: len(panel.cables)] == before[: len(panel.cables)]
    assert FAULTS[fault] in panel.board.health().trouble


def test_a_short_failure_is_no_trouble_and_a_converter_that_comes_back_is_read(tedium):
    tedium.cables[0] = 1.0
    tedium.play()
    tedium.spi.absent = True
    tedium.play(0.3)
    assert tedium.board.health().trouble == ""
    tedium.play(0.3)
    assert tedium.board.health().trouble
    tedium.spi.absent, tedium.cables[0] = False, 2.0
    assert tedium.play()[0] == pytest.approx(2.0, abs=0.003)
    assert tedium.board.health().trouble == ""


def test_a_breadboard_with_no_cable_in_says_that_this_may_be_all():
    panel = Panel("breadboard")
    assert all(math.isnan(volts) for volts in panel.play(0.998))
    assert "nothing is patched, or" in panel.board.health().trouble
    panel.cables[2] = 3.0
    assert panel.play()[2] == pytest.approx(3.0, abs=0.003)
    assert panel.board.health().trouble == ""


def test_jacks_that_are_all_at_the_same_volts_inside_the_range_are_believed(tedium):
    tedium.cables[:] = [0.5] * 6
    tedium.play(2.0)
    assert tedium.board.health().trouble == ""


def test_lines_that_cannot_be_read_are_named_and_tried_again(tedium):
    tedium.pins.broken = True
    assert tedium.board.events(tedium.now_ns) == ()
    assert "chip has gone" in tedium.board.health().trouble
    tedium.board.set_led(True)
    tedium.board.set_gate(1, True)
    assert not math.isnan(tedium.play()[0])
    tedium.pins.broken = False
    tedium.pins.move("gate_in_1", True, tedium.now_ns)
    assert tedium.board.events(tedium.now_ns + 1) == ()
    assert len(tedium.board.events(tedium.now_ns + SECOND_NS)) == 1
    assert tedium.board.health().trouble == ""


def test_the_deadband_holds_what_hardly_moves():
    panel = Panel("breadboard", deadbands={"cv1": 0.05, "cv2": 0.0})
    panel.cables[:2] = 1.0, 1.0
    before = panel.play()
    panel.cables[:2] = 1.04, 1.04
    assert panel.play()[0] == before[0]
    assert panel.play()[1] == pytest.approx(1.04, abs=0.003)
    panel.cables[0] = 1.06
    assert 0.04 < panel.play()[0] - before[0] < 0.065


def test_a_calibrated_jack_is_corrected_and_shows_what_it_reads_raw(tedium):
    tedium.cables[0] = 2.0
    tedium.board.reader.correct({1: lambda volts: volts / 2.0 + 0.5})
    assert tedium.play()[0] == pytest.approx(1.5, abs=0.003)
    assert tedium.board.health().raw_volts[0] == pytest.approx(1.5, abs=0.003)
    assert tedium.board.reader.nominal[0] == pytest.approx(2.0, abs=0.003)


def test_the_noise_of_a_jack_is_measured_while_it_is_still():
    panel = Panel("terminal-tedium-wm8731", Flaws(noise_counts=2.0), oversample=1)
    panel.play(4.0)
    step = panel.spec.cvs[0].volts_per_count
    assert panel.board.health().noise_volts[0] == pytest.approx(2.0 * step, rel=0.3)


def test_a_quiet_reader_costs_what_was_planned(tedium):
    before = tedium.spi.transfers
    tedium.play(1.0)
    assert tedium.spi.transfers - before == 1000 * 6 * SETTINGS.oversample


def test_knobs_that_nobody_touched_say_nothing():
    panel = Panel("terminal-tedium-wm8731", wakes={"cv2": 0.25})
    assert math.isnan(panel.play()[1])
    panel.cables[1] = 0.5
    assert panel.play()[1] == pytest.approx(0.5, abs=0.003)
