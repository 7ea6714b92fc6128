"""What every jack, button and output of a board does with the settings that ship for it."""

from dataclasses import dataclass
from functools import cache

from ddsp_pi.config import Config, load_config
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.sections import Route
from ddsp_pi.shipped import configs_folder

_GATES = {1: "notes", 2: "2nd voice*"}
SECOND_VOICE = "* with voices: 2 in the configuration"

_GATE_OUTS = {"note": "while a note sounds", "trigger": "10 ms per note", "osc": "as OSC says"}


DEFAULT = "default.yaml"


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings, and the file in `configs` that they are from."""

    file: str
    config: Config


def setup(spec: BoardSpec) -> Setup:
    """The settings that ship for a board: the first file that names it in the usual mode, or the defaults."""
    usual = load_config()
    wanted = spec.name, usual.mode
    named = (each for each in _shipped() if (each.config.rack.board, each.config.mode) == wanted)
    return next(named, Setup(DEFAULT, usual))


@cache
def _shipped() -> tuple[Setup, ...]:
    return tuple(Setup(path.name, load_config(path)) for path in sorted(configs_folder().glob("*.yaml")))


def jack(config: Config, number: int) -> tuple[str, str]:
    """What a CV jack plays, and by which volts; `free` and nothing if no row of the routes has it."""
    for route in config.cv.routes:
        if route.jack == f"cv{number}":
            return _parameter(route), _volts(route)
    return "free", ""


def gate_in(number: int) -> str:
    """What a gate does; the star is for SECOND_VOICE."""
    return _GATES.get(number, "free")


def gate_out(config: Config, number: int) -> str:
    """When an output is high."""
    kinds = config.rack.gate_outs
    return _GATE_OUTS[kinds[number - 1]] if number <= len(kinds) else "free"


def button(config: Config, number: int) -> list[str]:
    """What a button does by itself: pressed, then held."""
    alone = [action for action in config.rack.buttons if action.buttons == (number,)]
    words = [f"{'held: ' if action.held else ''}{action.do.replace('_', ' ')}" for action in alone]
    return words or ["free"]


def together(config: Config) -> list[str]:
    """What buttons do that are pressed at once."""
    return [
        f"buttons {' + '.join(map(str, action.buttons))}{' held' if action.held else ''}: "
        f"{action.do.replace('_', ' ')}"
        for action in config.rack.buttons
        if len(action.buttons) > 1
    ]


def _parameter(route: Route) -> str:
    return "pitch" if route.law == "v_oct" else route.to.replace("_", " ")


def _volts(route: Route) -> str:
    if route.law == "v_oct":
        return "1 V/oct"
    return window(*route.volts)


def window(low: float, high: float) -> str:
    """A span of volts in words."""
    return f"{signed(low)}…{signed(high)} V"


def signed(volts: float) -> str:
    """Volts with their sign, at most two digits after the point."""
    text = f"{volts:+.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text.replace("-", "−")
