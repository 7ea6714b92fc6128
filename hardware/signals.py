"""What is on each pin of the Pi's header, and of the converter, read from a board's table."""

from dataclasses import dataclass

from ddsp_pi.rack.spec import BoardSpec

POWER = {"3V3": "power", "5V": "power", "GND": "ground"}

_ROWS = (
    ("3V3", "5V"), (2, "5V"), (3, "GND"), (4, 14), ("GND", 15),
    (17, 18), (27, "GND"), (22, 23), ("3V3", 24), (10, "GND"),
    (9, 25), (11, 8), ("GND", 7), (0, 1), (5, "GND"),
    (6, 12), (13, "GND"), (19, 16), (26, 20), ("GND", 21),
)  # fmt: skip
HEADER: tuple[int | str, ...] = tuple(pin for row in _ROWS for pin in row)
"""BCM number, or supply, at physical pin i+1 of the 40; the same on every Pi that has them."""

MCP3208 = (
    *(f"CH{channel}" for channel in range(8)),
    "DGND", "CS", "DIN", "DOUT", "CLK", "AGND", "VREF", "VDD",
)  # fmt: skip
"""Names of pins 1 to 16 of the converter in its DIP-16 case (Microchip DS21298)."""

SPI_ENDS = {"MISO": "DOUT", "MOSI": "DIN", "SCLK": "CLK", "CE0": "CS", "CE1": "CS"}
"""Where each wire of the bus ends at the converter."""

_KINDS = {"SPI": "spi", "I²C": "i2c", "I²S": "i2s"}


@dataclass(frozen=True, slots=True)
class Signal:
    """A pin of the Pi that a board uses."""

    bcm: int
    name: str
    kind: str
    """As in the drawing's colours."""
    about: str
    """Its polarity, or where the wire ends."""
    number: int = 1
    """On the panel."""

    @property
    def pin(self) -> int:
        """On the header, 1 to 40."""
        return physical(self.bcm)


def physical(bcm: int) -> int:
    """The pin of the header that has a BCM number.

    Raises:
        ValueError: none has.
    """
    return HEADER.index(bcm) + 1


def chip_pin(name: str) -> int:
    """The pin of the MCP3208 that has a name."""
    return MCP3208.index(name) + 1


def signals(spec: BoardSpec) -> list[Signal]:
    """Every pin that a board uses, in the order of the header."""
    return sorted([*lines(spec), *_buses(spec)], key=lambda signal: signal.pin)


def lines(spec: BoardSpec) -> list[Signal]:
    """What is on the panel, in its order."""
    found = []
    for name, line in spec.lines.items():
        kind, _, number = name.replace("_", " ").rpartition(" ") if name != "led" else (name, "", "1")
        polarity = "active low" if line.active_low else "active high"
        about = f"{polarity}, pull-up on" if line.pull_up else polarity
        said = "LED" if kind == "led" else f"{kind} {number}"
        found.append(Signal(line.pin, said, kind, about, int(number)))
    return found


def _buses(spec: BoardSpec) -> list[Signal]:
    found = []
    for name, bcm in spec.bus_pins.items():
        bus, _, wire = name.rpartition(" ")
        kind = next(kind for start, kind in _KINDS.items() if bus.startswith(start))
        found.append(Signal(bcm, name, kind, _end(spec, kind, wire)))
    return found


def _end(spec: BoardSpec, kind: str, wire: str) -> str:
    if kind == "spi":
        end = SPI_ENDS[wire]
        return f"MCP3208 {end}, pin {chip_pin(end)}"
    codec = spec.codec.name if spec.codec else "codec"
    address = spec.codec.i2c_address if spec.codec else None
    return f"{codec} at 0x{address:02x}" if kind == "i2c" and address is not None else codec
