"""The beat of the control process: a thousand times a second, from the board to the engine."""

import threading
import time
from collections.abc import Callable, Mapping

import msgspec

from ddsp_pi.control.hub import Hub
from ddsp_pi.dsp.yardstick import Measures
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.shared import Link
from ddsp_pi.link.volts import pack_volts
from ddsp_pi.processes.keyboards import Keyboards
from ddsp_pi.processes.launch import Input, Status
from ddsp_pi.processes.rack_side import RackSide

BEAT_S = 0.001
"""How often the board is asked for gates and buttons; it reads its jacks at a pace of its own."""


class ControlLoop:
    """Reads the board a thousand times a second and passes on what there is."""

    def __init__(self, link: Link, rack: RackSide, keyboards: Keyboards, hub: Hub, outbox: Outbox) -> None:
        self._link, self._rack, self._hub, self._outbox = link, rack, hub, outbox
        self._keyboards = keyboards
        self._volts: tuple[float, ...] = ()
        self._engine, self._hits = 0, 0
        self.status: Status | None = None
        """What the engine last said of itself."""

    def beat(self) -> None:
        """One reading."""
        now_ns = time.monotonic_ns()
        self._greet()
        # Gates first: reading the jacks takes half a millisecond, and an edge is not to wait for it.
        self._keyboards.beat()
        self._rack.beat(now_ns)
        self._outbox.flush()
        volts = self._rack.volts(now_ns)
        if volts != self._volts:
            self._volts = volts
            self._link.frame.write(pack_volts(volts))

    @property
    def levels(self) -> tuple[float, float] | None:
        """Of left and right, which are the same; None while there is no sound."""
        return (self.status.level, self.status.level) if self.status else None

    @property
    def heard(self) -> Input | None:
        """What comes in; None while there is no sound, and where the mode does not listen."""
        return self.status.input if self.status else None

    @property
    def learned(self) -> Measures:
        """What is known of the drum that is played; empty: nothing."""
        return self.heard.measures if self.heard else {}

    @property
    def driven(self) -> Mapping[str, float]:
        """What cables hold, as far as the engine has said so."""
        return self.status.driven if self.status else {}

    def _greet(self) -> None:
        """Tell an engine that has just begun what the last one knew."""
        news = self._link.telemetry.read()
        if news is None:
            return
        status = self.status = msgspec.msgpack.decode(news, type=Status)
        self._follow(status)
        if status.engine == self._engine:
            return
        self._hub.renew()
        if not self._engine:
            # One that has been playing while there was no control process may know more than this one.
            self._hub.adopt(status.values, status.instrument)
        self._engine = status.engine

    def _follow(self, status: Status) -> None:
        """Have the rack follow a hit that was heard."""
        hit = status.input.hit if status.input else None
        self._rack.ringing = status.input is not None and status.input.ringing
        number = hit.number if hit else 0
        if hit is not None and number != self._hits and status.engine == self._engine:
            self._rack.struck(hit)
        self._hits = number


def keep_beating(every: Mapping[int, Callable[[], object]], stop: threading.Event) -> None:
    """Call each function at every so many beats, until told to stop."""
    due_s, count = time.monotonic(), 0
    while not stop.is_set():
        count += 1
        for beats, act in every.items():
            if count % beats == 0:
                act()
        now_s = time.monotonic()
        # Beats that were missed are not made up for.
        due_s = max(due_s + BEAT_S, now_s)
        time.sleep(due_s - now_s)
