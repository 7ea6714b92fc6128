"""A bare Pi with an MCP3208 on a breadboard: the cheapest way in."""

from types import MappingProxyType

from ddsp_pi.rack.boards.terminal_tedium_wm8731 import SPI_PINS, button
from ddsp_pi.rack.spec import BoardSpec, CvInput, Line

HIGH_VOLTS = 3.3 * (100 + 47) / 47
"""100 k from the jack and 47 k to ground bring 0…10.3 V into the converter's 0…3.3 V, no amplifier."""

BOARD = BoardSpec(
    name="breadboard",
    title="Raspberry Pi and MCP3208 on a breadboard",
    cvs=tuple(CvInput(channel, 0.0, HIGH_VOLTS, inverted=False, pot=False) for channel in range(8)),
    gates_in=tuple(Line(pin, active_low=True, pull_up=True) for pin in (4, 17, 22, 27)),
    gates_out=(Line(16), Line(12)),
    buttons=tuple(map(button, (23, 25, 24))),
    led=Line(26),
    bus_pins=MappingProxyType(SPI_PINS),
    notes=(
        "Volts below 0 V read as 0 V; the jacks take 0 to 10 V.",
        "Sound goes out by the Pi's own jack, HDMI or a USB interface: name it in audio.device.",
    ),
)
