import time

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.errors import BoardError
from ddsp_pi.frame import Edge
from ddsp_pi.monitor.own_board import OwnBoard, own_board
from ddsp_pi.monitor.recording import Recording
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.simulated import SimPins, SimSpi

SPEC = find_board("terminal-tedium-wm8731")
VOLTS = (0.75, -2.5, 1.0, 2.0, 3.0, -4.0)


class Bench:
    """The driver of a board over chips that a test can break."""

    def __init__(self):
        self.spi, self.pins = SimSpi(SPEC.cvs, VOLTS.__getitem__), SimPins()
        self.source = OwnBoard(PanelBoard(SPEC, Mcp3208(self.spi), self.pins, load_config().rack), SPEC)

    def until(self, condition):
        deadline = time.monotonic() + 10.0
        while not condition():
            assert time.monotonic() < deadline
            self.source.listen(time.monotonic() + 0.02)


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.source.close()


def test_the_jacks_that_the_board_has_are_read(bench):
    bench.until(lambda: bench.source.reading.volts and bench.source.reading.noise_volts)
    volts = bench.source.reading.volts
    # The second jack has a knob and sleeps until it moves.
    assert [v for jack, v in enumerate(volts) if jack != 1] == pytest.approx(
        (0.75, 1.0, 2.0, 3.0, -4.0), abs=0.01
    )
    assert len(bench.source.reading.noise_volts) == len(SPEC.cvs)


def test_gates_and_buttons_are_read(bench):
    reading = bench.source.reading
    assert reading.gates == {1: False, 2: False, 3: False, 4: False}
    bench.pins.move("gate_in_3", True, time.monotonic_ns())
    bench.until(lambda: reading.gates[3])
    now_ns = time.monotonic_ns()
    bench.pins.move("button_2", True, now_ns - 100_000_000)
    bench.pins.move("button_2", False, now_ns)
    bench.until(lambda: reading.presses)
    assert (reading.presses[0].button, reading.presses[0].held) == (2, False)


def test_what_is_wrong_with_the_board_is_said(bench):
    bench.until(lambda: bench.source.reading.volts)
    bench.spi.stuck = 1
    bench.until(lambda: "no MCP3208 answers" in bench.source.reading.trouble(time.monotonic()))


def test_it_can_be_recorded(bench, tmp_path):
    recording = Recording(tmp_path / "take.csv")
    bench.source.record(recording)
    bench.until(lambda: recording.rows > 20)
    at_ns = time.monotonic_ns()
    bench.pins.move("gate_in_1", True, at_ns)
    bench.until(lambda: recording.edges)
    recording.close()
    played = load_performance(recording.path)
    # Every jack, the one that sleeps too.
    assert recording.jacks == (1, 2, 3, 4, 5, 6)
    assert played.volts[-1, :6] == pytest.approx(VOLTS, abs=0.01)
    assert isinstance(played.edges[0], Edge)
    assert played.edges[0].high


@pytest.mark.parametrize("name", ["sim", "nonsense"])
def test_a_board_without_parts_cannot_be_read(name, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(f"rack: {{board: {name}}}\n")
    with pytest.raises(BoardError, match=name):
        own_board(load_config(file), tmp_path, print)
