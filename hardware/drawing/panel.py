"""The panel of a board, with what everything on it plays with the settings that ship for it."""

from collections.abc import Callable

from ddsp_pi.config import Config
from ddsp_pi.rack.spec import BoardSpec
from hardware import plays
from hardware.drawing.layouts import Layout, Spot, layout
from hardware.drawing.sheet import CARD, COLOURS, FAINT, INK, Sheet, fitted

SCALE = 10.0
"""Pixels per millimetre."""

_TOP, _SIDE, _FOOT, _RIM = 126.0, 40.0, 20.0, 14.0
_SIDES = {1: "L", 2: "R"}
_METAL, _HOLE, _PLATE = "#d8d5ce", "#1b1d20", "#efece5"


def drawing(spec: BoardSpec, setup: plays.Setup) -> str:
    """The panel as SVG."""
    plan, config = layout(spec), setup.config
    width = max(plan.width_mm * SCALE, 720.0)
    notes = [row for note in _notes(spec, config, plan) for row in (*fitted(note, width, 13), "")]
    height = _TOP + plan.height_mm * SCALE + 50 + 13 * 1.4 * len(notes) + _FOOT
    sheet = Sheet(width + 2 * _SIDE, height, f"Panel: {spec.title}")
    sheet.heading(spec.title, f"The panel, and what it plays with configs/{setup.file}")
    left = _SIDE + (width - plan.width_mm * SCALE) / 2
    # A panel is a little larger than the board behind it.
    size = (plan.width_mm * SCALE + 2 * _RIM, plan.height_mm * SCALE + 2 * _RIM)
    sheet.rect(left - _RIM, _TOP - _RIM, *size, _PLATE, "#b8b2a5", radius=10)
    for spot in plan.spots:
        x, y = left + spot.x_mm * SCALE, _TOP + (plan.height_mm - spot.y_mm) * SCALE
        _DRAWN[spot.kind](sheet, x, y, spot)
        _label(sheet, x, y, spot, config)
    sheet.lines(_SIDE, _TOP + plan.height_mm * SCALE + 46, notes, 13, FAINT)
    return sheet.svg()


def _notes(spec: BoardSpec, config: Config, plan: Layout) -> list[str]:
    notes = [f"{said.capitalize()}." for said in plays.together(config) if spec.buttons]
    if len(spec.gates_in) > 1:
        notes.append(f"{plays.SECOND_VOICE}.")
    return [*notes, *plan.about]


def _socket(sheet: Sheet, x: float, y: float, spot: Spot) -> None:
    colour = COLOURS.get(spot.kind, COLOURS["audio"])
    sheet.circle(x, y, 27, _METAL, colour, 5)
    sheet.circle(x, y, 17, _HOLE, "#6b6f75", 2)


def _knob(sheet: Sheet, x: float, y: float, spot: Spot) -> None:
    sheet.circle(x, y, 46, "#2f3338", "#1b1d20", 2)
    sheet.circle(x, y, 34, "#3d4248", "#54595f", 1.5)
    sheet.wire("#f8f9fa", (x, y - 14), (x, y - 43), thick=4)


def _button(sheet: Sheet, x: float, y: float, spot: Spot) -> None:
    sheet.rect(x - 26, y - 26, 52, 52, CARD, COLOURS["button"], radius=8, thick=4)
    sheet.circle(x, y, 16, "#e4dcea", COLOURS["button"], 2)


def _led(sheet: Sheet, x: float, y: float, spot: Spot) -> None:
    sheet.circle(x, y, 9, "#ff8fab", COLOURS["led"], 3)


_DRAWN: dict[str, Callable[[Sheet, float, float, Spot], None]] = {
    "cv": _socket,
    "gate in": _socket,
    "gate out": _socket,
    "audio in": _socket,
    "audio out": _socket,
    "knob": _knob,
    "button": _button,
    "led": _led,
}


def _label(sheet: Sheet, x: float, y: float, spot: Spot, config: Config) -> None:
    name, about = _words(spot, config)
    if spot.kind == "led":
        sheet.text(x - 36, y + 5, name, 15, at="end", bold=True)
        return
    above = {"knob": 56, "button": 38}.get(spot.kind, 36)
    sheet.text(x, y - above, name, 15, INK, at="middle", bold=True)
    below = {"knob": 66, "button": 46}.get(spot.kind, 46)
    sheet.lines(x, y + below, about, 12.5, FAINT, at="middle")


def _words(spot: Spot, config: Config) -> tuple[str, list[str]]:
    number = spot.number
    said: dict[str, Callable[[], tuple[str, list[str]]]] = {
        "cv": lambda: (f"CV {number}", _lines_of(*plays.jack(config, number))),
        "gate in": lambda: (f"GATE {number}", [plays.gate_in(number)]),
        "gate out": lambda: (f"OUT {number}", fitted(plays.gate_out(config, number), 90, 12.5)),
        "audio in": lambda: (f"IN {_SIDES[number]}", []),
        "audio out": lambda: (f"AUDIO {_SIDES[number]}", []),
        "knob": lambda: (spot.name or f"KNOB {number}", []),
        "button": lambda: (f"BUTTON {number}", plays.button(config, number)),
        "led": lambda: ("LED", []),
    }
    return said[spot.kind]()


def _lines_of(parameter: str, volts: str) -> list[str]:
    return [row for row in (*fitted(parameter, 100, 12.5), volts) if row]
