"""The first jacks of a board as its real driver sees them, with a source that gives them any volts."""

from ddsp_pi.config import load_config
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibrating import Session
from ddsp_pi.rack.calibration import correction
from ddsp_pi.rack.cvs import SCAN_NS, CvReader
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.simulated import Flaws, SimSpi

SPEC = find_board("terminal-tedium-wm8731")
RACK = load_config().rack
FLAWS = Flaws(gain=0.03, offset_volts=0.04, bow=0.003, noise_counts=1.0)
FIVE = (-4.0, -2.0, 0.0, 2.0, 4.0)


class Desk:
    """Jack 1 of a simulated Terminal Tedium, read as often as it is read."""

    def __init__(self, flaws=FLAWS, seed=0):
        self.volts = 0.0
        self.jack = SPEC.cvs[0]
        bus = SimSpi(SPEC.cvs[:1], lambda _: self.volts, flaws, seed)
        self.reader = CvReader(Mcp3208(bus), SPEC.cvs[:1], RACK)
        self._now_ns = 0

    def scan(self, times=1):
        """What the jack says, smoothed and calibrated, after each of so many readings."""
        return [self._scan() for _ in range(times)]

    def measured(self, points=FIVE):
        """A session that has measured these volts."""
        session = Session(self.jack, RACK.oversample)
        for volts in points:
            self.volts = volts
            session.begin(volts)
            while session.collecting:
                self._scan()
                session.take(self.reader.nominal[0])
        return session

    def calibrate(self, points=FIVE):
        self.reader.correct({1: correction(self.measured(points).points)})

    def _scan(self):
        self._now_ns += SCAN_NS
        self.reader.scan(self._now_ns)
        return self.reader.volts[0]
