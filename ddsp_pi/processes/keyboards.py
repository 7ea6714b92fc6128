"""MIDI inside the control process: ports, the player that follows them, and what it acts on."""

from collections.abc import Callable

from ddsp_pi.app import MODE_PARAMS, midi_of
from ddsp_pi.config import Config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.midi import MidiActs, MidiPlayer
from ddsp_pi.control.midi_map import check_controllers
from ddsp_pi.control.midi_ports import MidiPorts
from ddsp_pi.modes.tables import fitting
from ddsp_pi.params import ParamSet


class Keyboards:
    """Everything that plays by MIDI. Called by the control loop's thread only."""

    def __init__(
        self, config: Config, hub: Hub, choose: Callable[[str], None], say: Callable[[str], object]
    ) -> None:
        """Look for ports from now on. `choose` plays another instrument.

        Raises:
            ConfigError: a controller is given a parameter that nobody owns.
        """
        check_controllers(config.midi.controllers, [p.name for specs in MODE_PARAMS.values() for p in specs])
        program = _program(config.mode, choose)
        acts = MidiActs(hub.play, hub.set, lambda name: hub.values[name], program, hub.panic, say)
        self.player = MidiPlayer(acts, midi_of(config), ParamSet(MODE_PARAMS[config.mode]))
        self._ports = MidiPorts(config.midi, say)
        self._ports.start()

    def beat(self) -> None:
        """Play what has come."""
        self._ports.drain(self.player.take, self.player.let_go)

    def close(self) -> None:
        """Hear nothing any more."""
        self._ports.close()


def _program(mode: str, choose: Callable[[str], None]) -> Callable[[int], None]:
    def select(number: int) -> None:
        names = sorted(fitting(mode))
        if number < len(names):
            choose(names[number])

    return select
