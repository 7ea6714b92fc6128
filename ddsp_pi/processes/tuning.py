"""Calibration inside the control process: in step with its file, and made anew from the panel."""

from collections.abc import Callable, Sequence
from functools import partial

from ddsp_pi.control.led import Led
from ddsp_pi.places import data_folder
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.calibrating import Light, PanelCalibration
from ddsp_pi.rack.calibration_file import CalibrationWatch, save_calibration
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.sections import Route

SAYINGS = {Light.CALIBRATING: "next voltage", Light.COLLECTING: "collecting"}
"""What the LED says of each step; at the end it says nothing more."""


class Tuning:
    """The calibration of one board. While the panel calibrates, its buttons mean nothing else."""

    def __init__(
        self, board: PanelBoard, routes: Sequence[Route], led: Led, say: Callable[[str], None]
    ) -> None:
        """Calibrates the jack of the first route with 1 V/oct, from the panel."""
        self._board, self._led, self._say = board, led, say
        self._jack = pitch_jack(routes)
        self._watch = CalibrationWatch(data_folder(), board.spec, board.reader.correct)
        self._watch.poll(say)
        self._panel: PanelCalibration | None = None
        self._scans = 0

    @property
    def busy(self) -> bool:
        """Whether the panel calibrates now."""
        return self._panel is not None

    def begin(self) -> None:
        """Calibrate from the panel."""
        spec, reader = self._board.spec, self._board.reader
        save = partial(save_calibration, data_folder(), spec, self._jack)
        jack = spec.cvs[self._jack - 1]
        self._panel = PanelCalibration(self._jack, jack, reader.oversample, save, self._say)
        self._show()

    def press(self, press: Press) -> None:
        """A button, while the panel calibrates."""
        if self._panel is not None:
            self._panel.press(press)
            self._show()

    def beat(self) -> None:
        """Take the reading of the last scan, if it is a new one."""
        reader = self._board.reader
        if self._panel is None or reader.scans == self._scans:
            return
        self._scans = reader.scans
        self._panel.take(reader.nominal[self._jack - 1])
        self._show()

    def look(self) -> None:
        """Take up what has been calibrated elsewhere; without a converter there is nothing to measure."""
        self._watch.poll(self._say)
        trouble = self._board.reader.trouble
        if self._panel is not None and trouble:
            self._panel.end(trouble)
            self._show()

    def _show(self) -> None:
        assert self._panel is not None
        shows = SAYINGS.get(self._panel.light)
        for saying in SAYINGS.values():
            self._led.say(saying, saying == shows)
        if self._panel.over:
            self._panel = None
            self.look()


def pitch_jack(routes: Sequence[Route]) -> int:
    """The CV jack that plays the pitch, from 1 on; 1 if none does."""
    jacks = [route.jack for route in routes if route.law == "v_oct" and route.jack.startswith("cv")]
    return int(jacks[0].removeprefix("cv")) if jacks else 1
