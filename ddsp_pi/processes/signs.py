"""What light and subscribers are told of the engine and of the computer, looked up twice a second."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ddsp_pi.control.led import Led
from ddsp_pi.control.reports import Reports
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.processes.launch import Status

XRUN_SHOWN_S = 10.0
"""How long the light tells of an xrun."""


class Signs:
    """Turns the state of engine and computer into what the LED has to say."""

    def __init__(self, led: Led, reports: Reports, too_hot: Callable[[], bool]) -> None:
        """`too_hot`: whether the computer slows itself down, for heat or for lack of power."""
        self._led, self._reports, self._too_hot = led, reports, too_hot
        self._engine = self._xruns = 0
        self._xrun_s = -math.inf

    def look(self, status: Status | None) -> None:
        """Say what there is to say."""
        now_s = time.monotonic()
        self._led.say("starting", status is None or not status.playing)
        self._led.say("hot", self._too_hot())
        if status is not None:
            self._count(status, now_s)
        self._led.say("xrun", now_s - self._xrun_s < XRUN_SHOWN_S)

    def _count(self, status: Status, now_s: float) -> None:
        known = msgspec.msgpack.decode(status.telemetry, type=Telemetry)
        if status.engine == self._engine and known.xruns > self._xruns:
            self._xrun_s = now_s
        self._engine, self._xruns = status.engine, known.xruns
        self._reports.engine(known.load, known.worst_load, known.xruns, Path(status.instrument).stem)
