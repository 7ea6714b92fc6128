"""The control program: board, OSC, the watch over files, and the log. No sound depends on its pace."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import BoardError, DdspPiError
from ddsp_pi.frame import Edge
from ddsp_pi.link.edits import Outbox, Panic, heard
from ddsp_pi.link.shared import Link, attach
from ddsp_pi.link.volts import pack_volts
from ddsp_pi.models.library import find_instrument
from ddsp_pi.params import ParamSet
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.launch import Launch, Status, launched
from ddsp_pi.rack.board import Board
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard

BEAT_S = 0.001
"""How often the board is read."""

LOOK_BEATS = 500
"""Beats between two looks at the instrument's file."""

LOG_BEATS = 50
"""Beats between two looks at what the engine has to say."""


class ControlLoop:
    """Reads the board a thousand times a second and passes on what there is."""

    def __init__(self, link: Link, board: Board, hub: Hub, outbox: Outbox) -> None:
        self._link, self._board, self._hub, self._outbox = link, board, hub, outbox
        self._volts: tuple[float, ...] = ()
        self._engine = 0

    def beat(self) -> None:
        """One reading."""
        now_ns = time.monotonic_ns()
        volts = self._board.volts(now_ns)
        if volts != self._volts:
            self._volts = volts
            self._link.frame.write(pack_volts(volts))
        self._greet()
        self._hub.beat([event for event in self._board.events(now_ns) if isinstance(event, Edge)])
        self._outbox.flush()

    def _greet(self) -> None:
        """Tell an engine that has just begun what the last one knew."""
        news = self._link.telemetry.read()
        if news is None:
            return
        status = msgspec.msgpack.decode(news, type=Status)
        if status.engine == self._engine:
            return
        self._hub.renew()
        if not self._engine:
            # One that has been playing while there was no control process may know more than this one.
            self._hub.adopt(status.values, status.instrument)
        self._engine = status.engine


SWITCH_INTERVAL_S = 0.0002
"""Longest that a beat waits for the thread that takes OSC in; Python's own choice is 5 ms."""


def main(argument: str) -> int:
    """Serve until told to stop; returns the exit code."""
    lifeline.hold()
    launch = launched(argument)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        _serve(launch, attach(launch.link_fd), stop)
    except DdspPiError as error:
        print(f"ddsp-pi run: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _serve(launch: Launch, link: Link, stop: threading.Event) -> None:
    config, board = launch.config, _board(launch)
    outbox = Outbox(link.edits)
    hub = Hub(ParamSet(MODE_PARAMS[config.mode]), outbox.send)
    hub.on_first_note(board.unplug)
    watch = InstrumentWatch(config.model, find_instrument)
    osc = OscServer(hub, config.osc.port, config.osc.lan, _say, watch.select)
    _say(
        f"{config.model} plays the demo until a note arrives: OSC /ddsp/note NOTE VELOCITY "
        f"on port {osc.port}. Ctrl-C ends it."
    )
    loop = ControlLoop(link, board, hub, outbox)
    every: dict[int, Callable[[], None]] = {
        1: loop.beat,
        LOG_BEATS: lambda: _pass_on(link),
        LOOK_BEATS: lambda: watch.poll(lambda path: hub.select(str(path)), _say),
    }
    # Whatever an earlier control process held down, nobody holds any more. Said just before the board
    # says what is open, or a gate that has been open all the time would be heard to close.
    outbox.send(Panic())
    _beat(every, stop)
    osc.close()
    board.close()


def _beat(every: dict[int, Callable[[], None]], stop: threading.Event) -> None:
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


def _pass_on(link: Link) -> None:
    for line in heard(link.said):
        _say(line)


def _board(launch: Launch) -> SimBoard:
    if launch.performance is None:
        raise BoardError("no board driver is installed; try --sim, which plays without hardware")
    performance = load_performance(Path(launch.performance))
    return SimBoard(performance, loop=True, begin_ns=time.monotonic_ns())


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
