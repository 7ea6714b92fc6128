"""The parts of the control process, and how they hold on to each other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import Config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.memory import Recalled
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import BoardError
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.shared import Link
from ddsp_pi.models.library import finder
from ddsp_pi.modes import chosen
from ddsp_pi.modes.tables import check_file
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.actions import button_actions, chooser
from ddsp_pi.processes.boards import make_board, spec_of
from ddsp_pi.processes.control_loop import ControlLoop
from ddsp_pi.processes.errands import Errands
from ddsp_pi.processes.keyboards import Keyboards
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.played_drums import DrumMemory, open_drums
from ddsp_pi.processes.power import ask_to_power_off
from ddsp_pi.processes.rack_side import RackSide
from ddsp_pi.processes.resuming import begin_with
from ddsp_pi.processes.sounds import Sounds, open_presets

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What plays, who may change it and who is told."""

    hub: Hub
    watch: InstrumentWatch
    choose: Callable[[str], None]
    """Plays another instrument, by name."""
    outbox: Outbox
    reports: Reports
    errands: Errands
    keyboards: Keyboards
    sounds: Sounds
    drums: DrumMemory
    rack: RackSide
    loop: ControlLoop


def wired(launch: Launch, link: Link, found: Recalled, now: Callable[[], Config], say: Say) -> Parts:
    """All of them, beginning with what was found; the board is open if it is there.

    Args:
        launch: what control was told.
        link: to the engine.
        found: what played last.
        now: the settings, which may be edited meanwhile.
        say: for the log.

    Raises:
        BoardError: there is no board, somebody watches, and nothing has played yet.
        ConfigError: a MIDI controller is given a parameter that nobody owns.
    """
    config, outbox = launch.config, Outbox(link.edits)
    hub = Hub(begin_with(_params(config), found), outbox.send)
    find = finder(
        lambda: now().model,
        lambda path: check_file(now().mode, path),
        lambda name: chosen.find(now().mode, name),
        lambda name: chosen.find_named(now().mode, name),
    )
    watch = InstrumentWatch(found.instrument or config.model, find)
    reports, errands = _reports(config), Errands()
    choose = chooser(config.mode, hub, watch, errands.later)
    keyboards = Keyboards(config, hub, choose, say)
    sounds = Sounds(open_presets(), config.mode, hub, watch, keyboards.player.map, say)
    power_off = partial(ask_to_power_off, launch, say)
    acts = button_actions(config.mode, hub, watch, choose, sounds, errands.later, power_off)
    rack = RackSide(lambda: make_board(launch), config, hub, acts, reports, say)
    _open(rack, launch, link)
    loop = ControlLoop(link, rack, keyboards, hub, outbox)
    hub.follow_cables(lambda: loop.driven)
    drums = DrumMemory(open_drums(), found.drum, hub, lambda: loop.learned, say)
    return Parts(hub, watch, choose, outbox, reports, errands, keyboards, sounds, drums, rack, loop)


def _params(config: Config) -> ParamSet:
    """Where the engine begins as well."""
    params = ParamSet(MODE_PARAMS[config.mode])
    for name, value in chosen.start_params(config.mode, config.model, config.params).items():
        if name in params:
            params.set(name, value)
    return params


def _reports(config: Config) -> Reports:
    spec = spec_of(config)
    listeners, recorders = Subscribers(config.osc.lan), Subscribers(config.osc.lan)
    return Reports(listeners, recorders, len(spec.cvs), len(spec.gates_in))


def _open(rack: RackSide, launch: Launch, link: Link) -> None:
    try:
        rack.open()
    except BoardError:
        # Where volts have come through before there is a board, and sound that must not end for it.
        if link.frame.read() is None and not launch.unattended:
            raise
