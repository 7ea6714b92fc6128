"""What the breadboard version is built from: values, counts and about what they cost."""

from collections.abc import Callable
from dataclasses import dataclass

from ddsp_pi.rack.spec import BoardSpec


class Values:
    """Values of the parts, as they stand in the drawing and in the list."""

    series = "100 kΩ"
    shunt = "47 kΩ"
    sampling = "22 nF"
    diode = "1N4148"
    transistor = "2N3904"
    output = "1 kΩ"
    led = "330 Ω"
    bypass = "100 nF"
    reservoir = "10 µF"


@dataclass(frozen=True, slots=True)
class Part:
    """A row of the list."""

    name: str
    count: Callable[[BoardSpec], int]
    euros: float
    """About what one costs in small numbers."""
    use: str


def _cvs(spec: BoardSpec) -> int:
    return len(spec.cvs)


def _gates_in(spec: BoardSpec) -> int:
    return len(spec.gates_in)


def _gates_out(spec: BoardSpec) -> int:
    return len(spec.gates_out)


def _dividers(spec: BoardSpec) -> int:
    return _cvs(spec) + _gates_in(spec)


def _jacks(spec: BoardSpec) -> int:
    return _dividers(spec) + _gates_out(spec)


def _one(spec: BoardSpec) -> int:
    return 1


PARTS = (
    Part("MCP3208-CI/P, DIP-16", _one, 4.50, "converter of the CV jacks"),
    Part(f"resistor {Values.series}, 1 %", _dividers, 0.05, "in series with each CV and gate input"),
    Part(f"resistor {Values.shunt}, 1 %", _dividers, 0.05, "from there to ground"),
    Part(f"diode {Values.diode}", _cvs, 0.05, "keeps negative volts from the converter"),
    Part(f"capacitor {Values.sampling}, film or C0G", _cvs, 0.20, "what the converter takes its sample from"),
    Part(f"transistor {Values.transistor} or BC547 (other legs!)", _gates_in, 0.10, "gate inputs"),
    Part(f"resistor {Values.output}", _gates_out, 0.05, "gate outputs, so that a short does no harm"),
    Part(f"resistor {Values.led}", lambda spec: int(spec.led is not None), 0.05, "LED"),
    Part("LED, 3 mm", lambda spec: int(spec.led is not None), 0.15, "says how it does"),
    Part("push button", lambda spec: len(spec.buttons), 0.20, "panel"),
    Part(f"capacitor {Values.bypass}, ceramic", _one, 0.10, "supply of the converter"),
    Part(f"capacitor {Values.reservoir}", _one, 0.15, "supply of the converter"),
    Part("jack 3.5 mm, mono", _jacks, 0.60, "CV and gates"),
    Part("breadboard with 830 holes, and wires to the Pi's header", _one, 9.00, "everything"),
)
"""All but the Pi, its supply, its card and the sound card."""


def bill(spec: BoardSpec) -> str:
    """The list as a table, with its sum."""
    rows = ["| part | count | about, each | for |", "|---|---:|---:|---|"]
    rows += [f"| {part.name} | {part.count(spec)} | {part.euros:.2f} € | {part.use} |" for part in PARTS]
    total = sum(part.count(spec) * part.euros for part in PARTS)
    return "\n".join([*rows, f"| **about, in all** | | **{total:.0f} €** | |"])
