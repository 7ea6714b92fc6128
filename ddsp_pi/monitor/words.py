"""A view in words: one line, or a table for a terminal."""

import math
from collections.abc import Iterator

from ddsp_pi.monitor.view import Jack, View

UNPATCHED = "—"

QUIETEST = 1e-4
"""−80 dBFS, the lowest level that is shown."""

LARGE_OFFSET = 0.02
"""An offset of the input that is worth a word, 1 = full scale."""


def line(view: View) -> str:
    """All that there is to say, in one line."""
    jacks = (" ".join(filter(None, (_jack(jack), _volts(jack), jack.name))) for jack in view.jacks)
    gates = (f"gate {gate} high" for gate, high in view.gates.items() if high)
    return ", ".join((*jacks, *gates, *_buttons(view), *_engine(view), *_trouble(view)))


def table(view: View) -> list[str]:
    """The lines of a table: the engine, a line for each jack, gates, buttons, and what is wrong."""
    gates = "   ".join(f"{gate} {'high' if high else 'low '}" for gate, high in view.gates.items())
    return [
        ", ".join(_engine(view)) or "nothing plays",
        "",
        *map(_row, view.jacks),
        "",
        f"gates    {gates}",
        f"buttons  {', '.join(_buttons(view))}",
        *(f"trouble  {trouble}" for trouble in _trouble(view)),
    ]


def _row(jack: Jack) -> str:
    noise = "" if jack.noise_cents is None else f"noise {_cents(jack.noise_cents)}"
    return f"{_jack(jack)}  {_volts(jack):>9}   {jack.plays:<16} {jack.name:<12} {noise}".rstrip()


def _jack(jack: Jack) -> str:
    return jack.jack.upper().replace("CV", "CV ")


def _volts(jack: Jack) -> str:
    return UNPATCHED if jack.volts is None else f"{jack.volts:+.3f} V"


def _cents(cents: float) -> str:
    return f"{cents:.1f} c"


def _buttons(view: View) -> list[str]:
    return [f"button {one.button} {'held' if one.held else 'pressed'}" for one in view.buttons]


def _engine(view: View) -> Iterator[str]:
    if view.instrument:
        yield view.instrument
    if view.load is not None:
        yield f"load {view.load:.0%}"
    if view.worst_load is not None:
        yield f"worst {view.worst_load:.0%}"
    if view.xruns is not None:
        yield f"{view.xruns} xrun{'' if view.xruns == 1 else 's'}"
    if view.input_level is not None:
        yield _input(view.input_level, view.input_clipped, view.input_offset or 0.0)


def _input(level: float, clipped: bool, offset: float) -> str:
    words = [f"input {20.0 * math.log10(max(level, QUIETEST)):.0f} dBFS"]
    words += ["clipped"] * clipped
    words += [f"offset {offset:.0%}"] * (abs(offset) >= LARGE_OFFSET)
    return " ".join(words)


def _trouble(view: View) -> list[str]:
    return [view.trouble] if view.trouble else []
