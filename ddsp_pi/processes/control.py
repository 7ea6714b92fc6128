"""The control program: board, OSC, the watch over files, and the log. No sound depends on its pace."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from ddsp_pi.app import LISTENING, MODE_PARAMS
from ddsp_pi.config import Config
from ddsp_pi.control.contract import watched
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.namespace import Namespace
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.oscquery import QueryServer
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import AudioError, BoardError, DdspPiError
from ddsp_pi.link.edits import Outbox, Panic, heard
from ddsp_pi.link.shared import Link, attach
from ddsp_pi.models.library import finder
from ddsp_pi.modes.tables import check_file
from ddsp_pi.params import ParamSet
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.actions import button_actions
from ddsp_pi.processes.addresses import osc_addresses
from ddsp_pi.processes.boards import make_board, spec_of
from ddsp_pi.processes.control_loop import ControlLoop, keep_beating
from ddsp_pi.processes.diary import Diary
from ddsp_pi.processes.errands import Act, Errands
from ddsp_pi.processes.keyboards import Keyboards
from ddsp_pi.processes.launch import Launch, complain, launched
from ddsp_pi.processes.live_settings import LiveSettings
from ddsp_pi.processes.power import ask_to_power_off
from ddsp_pi.processes.rack_side import RackSide
from ddsp_pi.processes.remembering import Remembered, remember
from ddsp_pi.processes.resuming import begin_with, recall
from ddsp_pi.processes.signs import Signs
from ddsp_pi.processes.sounds import Sounds, open_presets
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
    config, outbox = launch.config, Outbox(link.edits)
    found = recall(launch, _say)
    hub = Hub(begin_with(_params(config), found), outbox.send)
    find = finder(lambda: settings.config.model, lambda path: check_file(settings.config.mode, path))
    watch = InstrumentWatch(found.instrument or config.model, find)
    reports = _reports(config)
    errands, keyboards = Errands(), Keyboards(config, hub, watch, _say)
    sounds = Sounds(open_presets(), config.mode, hub, watch, keyboards.player.map, _say)
    parts = Remembered(hub, watch, sounds, keyboards.player.map)
    memory = remember(launch, found, parts, lambda: settings.config, errands, partial(_tell, reports))
    acts = button_actions(
        config.mode, hub, watch, sounds, errands.later, partial(ask_to_power_off, launch, _say)
    )
    rack = _rack(launch, link, hub, acts, reports)
    namespace = osc_addresses(
        config,
        rack,
        hub,
        watch,
        reports,
        sounds,
        errands,
        keyboards,
        lambda: loop.levels,
        lambda: loop.heard,
        settings.reload,
    )
    reports.watch(watched(namespace))
    osc = OscServer(lambda: namespace, config.osc.port, config.osc.lan, _say, reports.complain)
    query = _query(config, namespace, osc.port)
    hint = "" if launch.unattended else " Ctrl-C ends it."
    _say(f"{_playing(launch, watch.name)}: OSC /ddsp/note NOTE VELOCITY on port {osc.port}.{hint}")
    loop = ControlLoop(link, rack, keyboards, hub, outbox)
    hub.follow_cables(lambda: loop.driven)
    signs = Signs(rack.led, reports, partial(strained, Host()))
    rack.led.say("sos", launch.safe)
    settings.act_on(hub, watch, outbox, rack.led, reports, errands)
    every: dict[int, Callable[[], None]] = {
        1: loop.beat,
        NEWS_BEATS: settings.act,
        LOG_BEATS: lambda: _pass_on(link),
        LOOK_BEATS: rack.look,
        LOOK_BEATS + 1: lambda: signs.look(loop.status),
        LOOK_BEATS + 2: lambda: watch.poll(lambda path: hub.select(str(path)), _say),
        LOOK_BEATS + 3: lambda: settings.look(loop.status),
    }
    if memory is not None:
        every[LOOK_BEATS + 4] = memory.look
    if launch.unattended:
        diary = Diary(Path(launch.last_words).with_name(NAME), launch)
        every[DIARY_BEATS] = lambda: errands.later(lambda: diary.write(loop.status))
    # Whatever an earlier control process held down, nobody holds any more. Said just before the board
    # says what is open, or a gate that has been open all the time would be heard to close.
    outbox.send(Panic())
    with ExitStack() as endings:
        # The last of these is the first to end.
        endings.callback(rack.close)
        endings.callback(reports.close)
        if memory is not None:
            endings.callback(memory.save)
        for close in (errands.close, keyboards.close, osc.close):
            endings.callback(close)
        if query is not None:
            endings.callback(query.close)
        keep_beating(every, stop)


def _reports(config: Config) -> Reports:
    spec = spec_of(config)
    listeners, recorders = Subscribers(config.osc.lan), Subscribers(config.osc.lan)
    return Reports(listeners, recorders, len(spec.cvs), len(spec.gates_in))


def _params(config: Config) -> ParamSet:
    """Where the engine begins as well."""
    params = ParamSet(MODE_PARAMS[config.mode])
    for name, value in config.params.items():
        if name in params:
            params.set(name, value)
    return params


def _query(config: Config, namespace: Namespace, osc_port: int) -> QueryServer | None:
    if not config.osc.query_port:
        return None
    try:
        return QueryServer(lambda: namespace, config.osc.query_port, config.osc.lan, osc_port)
    except AudioError as error:
        _say(f"{error}. Until then nobody can ask which addresses there are")
        return None


def _rack(launch: Launch, link: Link, hub: Hub, acts: Mapping[str, Act], reports: Reports) -> RackSide:
    rack = RackSide(lambda: make_board(launch), launch.config, hub, acts, reports, _say)
    try:
        rack.open()
    except BoardError:
        # Where volts have come through before there is a board, and sound that must not end for it.
        if link.frame.read() is None and not launch.unattended:
            raise
    return rack


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
