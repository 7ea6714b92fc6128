"""The control program: board, OSC, the watch over files, and the log. No sound depends on its pace."""

import signal
import sys
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from ddsp_pi.app import ALONE, LISTENING
from ddsp_pi.control.contract import watched
from ddsp_pi.control.memory import Memory, Recalled
from ddsp_pi.control.reports import Reports
from ddsp_pi.errors import DdspPiError
from ddsp_pi.link.edits import Panic, heard
from ddsp_pi.link.shared import Link, attach
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.addresses import osc_addresses
from ddsp_pi.processes.control_loop import keep_beating
from ddsp_pi.processes.diary import Diary
from ddsp_pi.processes.errands import Act
from ddsp_pi.processes.launch import Launch, complain, launched
from ddsp_pi.processes.live_settings import LiveSettings
from ddsp_pi.processes.parts import Parts, wired
from ddsp_pi.processes.ports import Ports
from ddsp_pi.processes.remembering import Remembered, remember
from ddsp_pi.processes.resuming import recall
from ddsp_pi.processes.signs import Signs
from ddsp_pi.rack.boards import AUTO, SIM
from ddsp_pi.service.host import Host
from ddsp_pi.service.last_minute import NAME
from ddsp_pi.service.strain import strained

LOOK_BEATS = 500
"""Beats between two looks at the instrument's file."""

NEWS_BEATS = 100
"""Beats between two looks whether there are other settings."""

DIARY_BEATS = 1000
"""Beats between two lines of the diary."""

LOG_BEATS = 50
"""Beats between two looks at what the engine has to say."""


SWITCH_INTERVAL_S = 0.0002
"""Longest that a beat waits for the thread that takes OSC in; Python's own choice is 5 ms."""


def main(argument: str) -> int:
    """Serve until told to stop; returns the exit code."""
    lifeline.hold()
    launch = launched(argument)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = threading.Event()
    settings = LiveSettings(launch, stop, _say)
    signal.signal(signal.SIGHUP, lambda *_: settings.again())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        _serve(launch, attach(launch.link_fd), settings, stop)
    except DdspPiError as error:
        complain(launch, error)
        return error.exit_code
    return settings.exit_code


def _serve(launch: Launch, link: Link, settings: LiveSettings, stop: threading.Event) -> None:
    found = recall(launch, _say)
    parts = wired(launch, link, found, lambda: settings.config, _say)
    memory = _memory(launch, found, parts, settings)
    namespace = osc_addresses(launch.config, parts, settings.reload)
    parts.reports.watch(watched(namespace))
    ports = Ports(launch.config.osc, namespace, _say, parts.reports.complain)
    _say(_greeting(launch, parts.watch.name, ports.heard))
    settings.act_on(parts.hub, parts.watch, parts.outbox, parts.rack.led, parts.reports, parts.errands)
    parts.rack.led.say("sos", launch.safe)
    every = _always(link, parts, settings, ports) | _sometimes(launch, parts, memory)
    # Whatever an earlier control process held down, nobody holds any more. Said just before the board
    # says what is open, or a gate that has been open all the time would be heard to close.
    parts.outbox.send(Panic())
    with ExitStack() as endings:
        for end in _endings(parts, ports, memory):
            endings.callback(end)
        keep_beating(every, stop)


def _memory(launch: Launch, found: Recalled, parts: Parts, settings: LiveSettings) -> Memory | None:
    kept = Remembered(parts.hub, parts.watch, parts.sounds, parts.keyboards.player.map, parts.drums)
    return remember(
        launch, found, kept, lambda: settings.config, parts.errands, partial(_tell, parts.reports)
    )


def _always(link: Link, parts: Parts, settings: LiveSettings, ports: Ports) -> dict[int, Act]:
    """What is done every so many beats."""
    hub, loop, rack = parts.hub, parts.loop, parts.rack
    signs = Signs(rack.led, parts.reports, partial(strained, Host()))
    return {
        1: loop.beat,
        NEWS_BEATS: settings.act,
        LOG_BEATS: lambda: _pass_on(link),
        LOOK_BEATS: rack.look,
        LOOK_BEATS + 1: lambda: signs.look(loop.status),
        LOOK_BEATS + 2: lambda: parts.watch.poll(lambda path: hub.select(str(path)), _say),
        LOOK_BEATS + 3: lambda: settings.look(loop.status),
        LOOK_BEATS + 4: ports.look,
    }


def _sometimes(launch: Launch, parts: Parts, memory: Memory | None) -> dict[int, Act]:
    """The same, for what not every module does."""
    every: dict[int, Act] = {}
    if launch.config.mode in ALONE:
        every[LOOK_BEATS + 6] = lambda: parts.drums.look(parts.loop.status, parts.errands.later)
    if memory is not None:
        every[LOOK_BEATS + 5] = memory.look
    if launch.unattended:
        diary = Diary(Path(launch.last_words).with_name(NAME), launch)
        every[DIARY_BEATS] = lambda: parts.errands.later(lambda: diary.write(parts.loop.status))
    return every


def _endings(parts: Parts, ports: Ports, memory: Memory | None) -> tuple[Act, ...]:
    """The last of these is the first to end."""
    saves: tuple[Act, ...] = () if memory is None else (memory.save,)
    closes = parts.errands.close, parts.keyboards.close, ports.close
    return parts.rack.close, parts.reports.close, *saves, *closes


def _greeting(launch: Launch, model: str, heard: bool) -> str:
    osc = f": OSC /ddsp/note NOTE VELOCITY on port {launch.config.osc.port}" if heard else ""
    return f"{_playing(launch, model)}{osc}.{'' if launch.unattended else ' Ctrl-C ends it.'}"


def _playing(launch: Launch, model: str) -> str:
    board, name = launch.config.rack.board, Path(model).stem
    if launch.config.mode in LISTENING:
        return f"{name} plays what it hears"
    if launch.performance is not None:
        return f"{name} plays the demo until a note arrives"
    if board in (SIM, AUTO):
        return f"{name} plays notes, without a board"
    return f"{name} plays from {board}, and notes"


def _pass_on(link: Link) -> None:
    for line in heard(link.said):
        _say(line)


def _tell(reports: Reports, text: str) -> None:
    """Say it to who listens by message, too."""
    _say(text)
    reports.complain(text)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
