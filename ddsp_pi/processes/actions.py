"""What buttons can do, by the names that the configuration gives."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from ddsp_pi.control.hub import Hub
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import InstrumentError
from ddsp_pi.modes.chosen import brought_along, find_named
from ddsp_pi.modes.tables import ALONE, fitting
from ddsp_pi.processes.errands import Act
from ddsp_pi.processes.sounds import Sounds


def chooser(
    mode: str, hub: Hub, watch: InstrumentWatch, later: Callable[[Act], None]
) -> Callable[[str], None]:
    """What plays another instrument, by name; `later` reads files.

    A mapper brings the knobs of its drum along, on which it was trained. Presets choose without this: they
    set all knobs themselves.
    """

    def choose(name: str) -> None:
        watch.select(name)
        if mode in ALONE:
            later(lambda: turn(name))

    def turn(name: str) -> None:
        # One that cannot be used turns nothing, and the watch says why.
        with suppress(InstrumentError):
            for knob, value in brought_along(find_named(mode, name)).items():
                hub.set(knob, value)

    return choose


def button_actions(
    mode: str,
    hub: Hub,
    watch: InstrumentWatch,
    choose: Callable[[str], None],
    sounds: Sounds,
    later: Callable[[Act], None],
    power_off: Act,
) -> Mapping[str, Act]:
    """One function for each. `later` does what takes time, beside the control loop."""
    return {
        "next_instrument": lambda: choose(neighbour(mode, watch.name, 1)),
        "previous_instrument": lambda: choose(neighbour(mode, watch.name, -1)),
        "next_preset": lambda: later(lambda: sounds.step(1)),
        "previous_preset": lambda: later(lambda: sounds.step(-1)),
        "save_preset": lambda: later(sounds.save),
        "panic": hub.panic,
        "power_off": lambda: later(power_off),
    }


def neighbour(mode: str, name: str, step: int) -> str:
    """The instrument so many places after the one of that name, round and round in alphabetical order.

    Those that the mode does not play are passed over.
    """
    names = sorted(fitting(mode)) or [name]
    before = names.index(name) if name in names else -1 if step > 0 else 0
    return names[(before + step) % len(names)]
