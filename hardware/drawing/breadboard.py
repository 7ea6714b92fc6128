"""The breadboard version: converter, jacks and header with every wire, and the circuits at the jacks."""

from collections.abc import Callable, Sequence

from ddsp_pi.rack.spec import BoardSpec, Line
from hardware import plays
from hardware.drawing import header, symbols
from hardware.drawing.sheet import CARD, COLOURS, FAINT, INK, PAPER, Sheet
from hardware.parts import Values
from hardware.signals import MCP3208, SPI_ENDS, Signal, chip_pin, signals

CIRCUITS = {"cv": "A", "gate in": "B", "gate out": "C", "led": "D", "button": "E"}
"""The letter of each circuit, as in the drawing."""

_LEFT, _TOP, _WIDTH = 980.0, 150.0, 1580.0
_CHIP_LEFT, _CHIP_RIGHT, _CHIP_TOP, _PITCH = 560.0, 680.0, 446.0, 36.0
_LEG = 9.0
_CARDS_TOP = 870.0
SUPPLY_PIN, GROUND_PIN = 17, 25
"""Pins of the header that feed the chip: 3.3 V and ground."""

_SPI = {"CLK": "#1864ab", "DOUT": "#228be6", "DIN": "#0b3d66", "CS": "#1098ad"}
"""Blues that can be told apart where the wires of the bus cross."""

_POWER_LANE, _GROUND_LANE = 716.0, 862.0
_LANES = {"CLK": 742.0, "DOUT": 772.0, "DIN": 802.0, "CS": 832.0}


def drawing(spec: BoardSpec, setup: plays.Setup) -> str:
    """All of it, as SVG."""
    used = {signal.pin: signal for signal in signals(spec)}
    sheet = Sheet(_WIDTH, _CARDS_TOP + 330, f"Wiring: {spec.title}")
    sheet.heading(spec.title, "Every wire. The letters stand for the circuits that are drawn in the cards.")
    _cv_card(sheet)
    for signal in used.values():
        if signal.kind in CIRCUITS:
            place = header.place(signal.pin, _LEFT, _TOP)
            header.box(sheet, *place, signal, 430, CIRCUITS[signal.kind])
    _converter(sheet, spec, setup)
    _supply(sheet)
    bus = [signal for signal in used.values() if signal.kind == "spi"]
    for signal in bus:
        _bus_wire(sheet, signal)
    header.body(sheet, _LEFT, _TOP)
    for signal in bus:
        _bus_end(sheet, signal)
    header.unused(sheet, {*used, SUPPLY_PIN, GROUND_PIN}, _LEFT, _TOP)
    header.pins(sheet, used, _LEFT, _TOP)
    _cards(sheet, spec)
    sheet.text(40, _CARDS_TOP + 302, header.SEEN, 13, FAINT)
    return sheet.svg()


def _chip_y(name: str) -> float:
    pin = chip_pin(name)
    return _CHIP_TOP + _PITCH * (pin - 1 if pin <= 8 else 16 - pin)


def _converter(sheet: Sheet, spec: BoardSpec, setup: plays.Setup) -> None:
    """The chip from above, and the jacks at its channels."""
    height = 7 * _PITCH + 40
    sheet.rect(_CHIP_LEFT, _CHIP_TOP - 20, _CHIP_RIGHT - _CHIP_LEFT, height, "#2b2f33", "#1b1d20", radius=8)
    middle = (_CHIP_LEFT + _CHIP_RIGHT) / 2
    sheet.shape(f"M {middle - 12:g} {_CHIP_TOP - 20:g} a 12 12 0 0 0 24 0", PAPER, "#1b1d20")
    for row, words in ((3.5, "MCP3208"), (4.5, "DIP-16")):
        sheet.text(middle, _CHIP_TOP + row * _PITCH + 4, words, 12.5, "#adb5bd", at="middle", bold=True)
    for jack, cv in enumerate(spec.cvs, 1):
        _jack(sheet, _chip_y(f"CH{cv.channel}"), jack, plays.jack(setup.config, jack)[0])
    for pin, name in enumerate(MCP3208, 1):
        _leg(sheet, pin, name)


def _leg(sheet: Sheet, pin: int, name: str) -> None:
    left = pin <= 8
    edge, side = (_CHIP_LEFT, 1) if left else (_CHIP_RIGHT, -1)
    y, at = _chip_y(name), "start" if left else "end"
    sheet.rect(edge - 9, y - 9, 18, 18, "#c9ccd1", "#868e96", radius=2)
    sheet.text(edge, y + 4, str(pin), 11, INK, at="middle", bold=True)
    sheet.text(edge + side * 14, y + 4, name, 11.5, "#f1f3f5", at=at)


def _jack(sheet: Sheet, y: float, number: int, about: str) -> None:
    colour = COLOURS["cv"]
    sheet.wire(colour, (250, y), (_CHIP_LEFT, y), thick=3)
    sheet.circle(250, y, 13, "#d8d5ce", colour, 4)
    sheet.circle(250, y, 6, "#1b1d20", "#6b6f75", 1)
    sheet.text(50, y + 5, f"CV {number}", 14, INK, bold=True)
    sheet.text(106, y + 5, about, 13, FAINT)
    sheet.rect(330, y - 14, 140, 28, CARD, colour, radius=5)
    header.letter(sheet, 348, y, CIRCUITS["cv"], colour)
    sheet.text(366, y + 5, f"{Values.series} / {Values.shunt}", 13, INK)


def _supply(sheet: Sheet) -> None:
    """3.3 V to VDD and VREF, ground to both grounds, and what keeps the supply quiet."""
    _rail(sheet, "power", _POWER_LANE, ("VDD", "VREF"), SUPPLY_PIN)
    _rail(sheet, "ground", _GROUND_LANE, ("AGND", "DGND"), GROUND_PIN)
    words = (
        f"{Values.bypass} and {Values.reservoir} from VDD to AGND, close to the chip.",
        "All grounds are one: any GND pin, the sleeve of",
        "every jack, and the ground of the rack.",
        "Nothing here goes to 5 V.",
    )
    sheet.lines(50, _chip_y("DGND") + 56, words, 13)


def _rail(sheet: Sheet, kind: str, lane: float, names: tuple[str, str], pin: int) -> None:
    """Two legs of the chip on one pin of the header."""
    colour, (x, y) = COLOURS[kind], header.place(pin, _LEFT, _TOP)
    heights = [_chip_y(name) for name in names]
    for height in heights:
        sheet.wire(colour, (_CHIP_RIGHT + _LEG, height), (lane, height), thick=3)
    sheet.wire(colour, (lane, min(*heights, y)), (lane, max(*heights, y)), thick=3)
    sheet.wire(colour, (lane, y), (x, y), thick=3)
    # A dot where three wires meet: neither end of the lane.
    sheet.circle(lane, sorted((*heights, y))[1], 5, colour, colour)


def _bus_wire(sheet: Sheet, signal: Signal) -> None:
    """From the chip to the edge of the header."""
    end, wire = _ends(signal)
    x, y = _LEFT - header.RIM, _bus_row(signal)
    start, lane = (_CHIP_RIGHT + _LEG, _chip_y(end)), _LANES[end]
    sheet.bridge(_SPI[end], start, (lane, start[1]), (lane, y), (x, y))
    sheet.text(start[0] + 4, start[1] - 6, wire, 11, _SPI[end], bold=True)


def _bus_end(sheet: Sheet, signal: Signal) -> None:
    """From the edge of the header to the pin."""
    colour, (x, y) = _SPI[_ends(signal)[0]], header.place(signal.pin, _LEFT, _TOP)
    row = _bus_row(signal)
    sheet.wire(colour, (_LEFT - header.RIM, row), (x, row), (x, y), thick=3)
    right = signal.pin % 2 == 0
    at, away, up = ("start", 40, -5) if right else ("end", -34, 6)
    sheet.text(x + away, y - up, f"GPIO {signal.bcm}", 11.5, colour, at=at, bold=True)


def _bus_row(signal: Signal) -> float:
    """Where the wire goes in: at its row, or below it if its pin is in the right column."""
    y = header.place(signal.pin, _LEFT, _TOP)[1]
    return y if signal.pin % 2 else y + header.ROW / 2


def _ends(signal: Signal) -> tuple[str, str]:
    """Its name at the chip and on the bus."""
    wire = signal.name.rpartition(" ")[2]
    return SPI_ENDS[wire], wire


def _cards(sheet: Sheet, spec: BoardSpec) -> None:
    drawn: list[tuple[str, str, Sequence[Line], Callable[[Sheet, float, float, str], None]]] = [
        ("gate in", "Gate input", spec.gates_in, _gate_in),
        ("gate out", "Gate output", spec.gates_out, _gate_out),
        ("led", "LED", [spec.led] if spec.led else [], _led),
        ("button", "Button", spec.buttons, _button),
    ]
    for place, (kind, title, lines, circuit) in enumerate(drawn):
        x = 40 + 377 * place
        _card(sheet, x, _CARDS_TOP, 367, 270, kind, f"{title}, × {len(lines)}")
        circuit(sheet, x, _CARDS_TOP + 110, ", ".join(str(line.pin) for line in lines))


def _card(sheet: Sheet, x: float, y: float, width: float, height: float, kind: str, title: str) -> None:
    sheet.rect(x, y, width, height, CARD, COLOURS[kind], radius=10)
    header.letter(sheet, x + 24, y + 26, CIRCUITS[kind], COLOURS[kind])
    sheet.text(x + 44, y + 31, title, 15, INK, bold=True)


def _cv_card(sheet: Sheet) -> None:
    x, y = 40.0, 196.0
    _card(sheet, x, 112, 396, 262, "cv", "CV input, at each channel")
    symbols.line(sheet, (x + 40, y), (x + 324, y))
    symbols.jack(sheet, x + 40, y, COLOURS["cv"])
    symbols.resistor(sheet, x + 70, y, Values.series)
    symbols.hanging_resistor(sheet, x + 150, y, Values.shunt)
    symbols.hanging_diode(sheet, x + 220, y, Values.diode)
    symbols.hanging_capacitor(sheet, x + 304, y, Values.sampling)
    symbols.flag(sheet, x + 324, y, "CH0–7", COLOURS["cv"])
    sheet.text(x + 24, y + 148, "0…10.3 V at the jack become 0…3.3 V at the chip.", 13, FAINT)


def _gate_in(sheet: Sheet, x: float, y: float, gpios: str) -> None:
    symbols.line(sheet, (x + 46, y), (x + 200, y))
    symbols.jack(sheet, x + 46, y, COLOURS["gate in"])
    symbols.resistor(sheet, x + 84, y, Values.series)
    symbols.hanging_resistor(sheet, x + 172, y, Values.shunt)
    collector = symbols.transistor(sheet, x + 226, y)
    symbols.line(sheet, (x + 200, y), (x + 226, y))
    sheet.text(x + 285, y + 5, Values.transistor, 13, INK, bold=True)
    symbols.flag(sheet, x + 352, collector[1] - 4, "GPIO", COLOURS["gate in"], left=True)
    symbols.line(sheet, collector, (collector[0], collector[1] - 4), (x + 294, collector[1] - 4))
    sheet.text(x + 24, y + 144, f"GPIO {gpios}; the pull-up is inside the Pi.", 13, FAINT)


def _gate_out(sheet: Sheet, x: float, y: float, gpios: str) -> None:
    symbols.flag(sheet, x + 22, y, "GPIO", COLOURS["gate out"])
    symbols.line(sheet, (x + 78, y), (x + 300, y))
    symbols.resistor(sheet, x + 150, y, Values.output)
    symbols.jack(sheet, x + 300, y, COLOURS["gate out"])
    sheet.text(x + 24, y + 122, "3.3 V: enough for many inputs, not for all.", 13, FAINT)
    sheet.text(x + 24, y + 144, f"GPIO {gpios}", 13, FAINT)


def _led(sheet: Sheet, x: float, y: float, gpios: str) -> None:
    symbols.flag(sheet, x + 22, y, "GPIO", COLOURS["led"])
    symbols.line(sheet, (x + 78, y), (x + 300, y), (x + 300, y + 40))
    symbols.resistor(sheet, x + 110, y, Values.led)
    symbols.light(sheet, x + 220, y, COLOURS["led"])
    symbols.ground(sheet, x + 300, y + 40)
    sheet.text(x + 24, y + 122, "The short leg to ground.", 13, FAINT)
    sheet.text(x + 24, y + 144, f"GPIO {gpios}", 13, FAINT)


def _button(sheet: Sheet, x: float, y: float, gpios: str) -> None:
    symbols.flag(sheet, x + 22, y, "GPIO", COLOURS["button"])
    symbols.line(sheet, (x + 78, y), (x + 150, y))
    symbols.switch(sheet, x + 144, y, COLOURS["button"])
    symbols.line(sheet, (x + 203, y), (x + 280, y), (x + 280, y + 40))
    symbols.ground(sheet, x + 280, y + 40)
    sheet.text(x + 24, y + 144, f"GPIO {gpios}; the pull-up is inside the Pi.", 13, FAINT)
