"""Keeping what plays, for the next start, while control serves."""

from collections.abc import Callable
from dataclasses import dataclass

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import Config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.memory import Memory, Recalled, changed
from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.control.state_file import Began, State, read_state, state_path
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import ConfigError
from ddsp_pi.places import data_folder
from ddsp_pi.processes.errands import Errands
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.played_drums import DrumMemory
from ddsp_pi.processes.resuming import began_with, remembers
from ddsp_pi.processes.sounds import Sounds


@dataclass(frozen=True, slots=True)
class Remembered:
    """The parts of control whose state is kept."""

    hub: Hub
    watch: InstrumentWatch
    sounds: Sounds
    controllers: MidiMap
    """What MIDI has learned."""
    drums: DrumMemory


def remember(
    launch: Launch,
    found: Recalled,
    parts: Remembered,
    settings: Callable[[], Config],
    errands: Errands,
    say: Callable[[str], object],
) -> Memory | None:
    """Give the parts what was found, and keep what they become; None: nothing is to be kept.

    `settings` are those that play now, which may be others than it was launched with.
    """
    if not remembers(launch):
        return None
    if found.preset:
        parts.sounds.resume(found.preset)
    for name in parts.controllers.use(found.midi):
        say(f"what played last: no controller can turn {name}")
    path = state_path(data_folder())
    try:
        kept = read_state(path)
    except ConfigError:
        kept = None
    return Memory(path, kept, lambda: _playing(parts, began_with(settings())), errands.later, say)


def _playing(parts: Remembered, began: Began) -> State:
    params = changed(parts.hub.values, began, MODE_PARAMS[began.mode])
    learned = dict(parts.controllers.learned)
    return State(began, parts.watch.name, parts.sounds.name, params, learned, parts.drums.name)
