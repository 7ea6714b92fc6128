"""Calibrating from the panel alone: buttons, light, and the board that plays."""

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control.hub import Hub
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.boards import Opened
from ddsp_pi.processes.rack_side import RackSide
from ddsp_pi.processes.tuning import pitch_jack
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration_file import calibration_path
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.simulated import Flaws, SimPins, SimSpi
from ddsp_pi.sections import Route

MS = 1_000_000
SPEC = find_board("terminal-tedium-wm8731")
SLOPPY = Flaws(gain=0.03, offset_volts=0.04, bow=0.003, noise_counts=1.0)
CENT = 1 / 1200


class Panel:
    """A rack side on a sloppy board, a cable in CV 1, and fingers."""

    def __init__(self, said, acts, reports):
        config = load_config()
        self.cable, self.now_ns, self.lights = 0.0, 10_000 * MS, []
        self.pins = SimPins()
        self.spi = SimSpi(SPEC.cvs, lambda jack: self.cable, SLOPPY)
        self.board = PanelBoard(SPEC, Mcp3208(self.spi), self.pins, config.rack)
        hub = Hub(ParamSet(PARAMS), lambda edit: None)
        self.side = RackSide(lambda: Opened(self.board, None), config, hub, acts, reports, said.append)
        self.side.open()
        self.side.led.say("starting", False)

    def wait(self, ms):
        for _ in range(ms):
            self.now_ns += MS
            self.side.beat(self.now_ns)
            self.volts = self.side.volts(self.now_ns)
            self.lights.append(self.pins.lit.get("led"))

    def press(self, *buttons, ms=100):
        for active in (True, False):
            for button in buttons:
                self.pins.move(f"button_{button}", active, self.now_ns)
            self.wait(ms if active else 50)

    def play(self, volts):
        self.cable = volts
        self.wait(20)
        self.press(1)
        self.wait(1000)

    def error_cents(self, volts):
        self.cable = volts
        self.wait(400)
        return (self.volts[0] - volts) / CENT


@pytest.fixture
def said():
    return []


@pytest.fixture
def panel(said, acts, reports, tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    return Panel(said, acts, reports)


def test_five_octaves_and_two_buttons_put_it_in_tune(panel, said, tmp_path):
    assert abs(panel.error_cents(1.0)) > 50
    panel.press(1, 2, ms=900)
    assert "play any C and press button 1" in said[-1]
    for octave in (-2.0, -1.0, 0.0, 1.0, 2.0):
        panel.play(octave)
    assert "CV 1 is calibrated; what is left, in cents" in "\n".join(said)
    assert calibration_path(tmp_path, SPEC).exists()
    assert max(abs(panel.error_cents(volts)) for volts in (-2.0, -0.5, 0.25, 1.0, 2.0)) < 3


def test_the_light_blinks_fast_while_it_waits_and_is_steady_again_in_the_end(panel):
    panel.press(1, 2, ms=900)
    panel.lights.clear()
    panel.wait(1000)
    blinks = sum(not before and after for before, after in zip(panel.lights, panel.lights[1:], strict=False))
    assert blinks == 5
    panel.press(2)
    panel.lights.clear()
    panel.wait(1000)
    assert all(panel.lights)


def test_cancelled_it_leaves_everything_as_it_was(panel, said, tmp_path):
    panel.press(1, 2, ms=900)
    panel.play(0.0)
    panel.press(2)
    assert "as it was before: cancelled" in said[-1]
    assert not calibration_path(tmp_path, SPEC).exists()
    assert abs(panel.error_cents(1.0)) > 50


def test_nothing_patched_is_refused(panel, said, tmp_path):
    panel.press(1, 2, ms=900)
    for _ in range(5):
        panel.play(0.3)
    panel.press(3)
    assert "as it was before" in said[-1]
    assert not calibration_path(tmp_path, SPEC).exists()


def test_without_a_converter_it_ends(panel, said):
    panel.press(1, 2, ms=900)
    panel.spi.stuck = 1
    panel.wait(600)
    panel.side.look()
    assert any("as it was before" in line and "no MCP3208 answers" in line for line in said)
    panel.wait(1000)
    assert panel.lights[-1]


def test_a_calibration_made_elsewhere_is_taken_up(panel, said, tmp_path):
    panel.press(1, 2, ms=900)
    for octave in (0.0, 1.0, 2.0):
        panel.play(octave)
    panel.press(3)
    kept = calibration_path(tmp_path, SPEC).read_bytes()
    calibration_path(tmp_path, SPEC).unlink()
    panel.side.look()
    assert abs(panel.error_cents(1.0)) > 50
    calibration_path(tmp_path, SPEC).write_bytes(kept)
    panel.side.look()
    assert abs(panel.error_cents(1.0)) < 3


def test_the_jack_with_the_pitch_is_calibrated():
    assert pitch_jack(load_config().cv.routes) == 1
    assert (
        pitch_jack([Route("cv2", "noise"), Route("cv5", "note", "v_oct"), Route("cv6", "note_2", "v_oct")])
        == 5
    )
    assert pitch_jack([]) == 1
