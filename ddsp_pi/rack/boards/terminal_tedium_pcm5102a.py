"""Terminal Tedium with the PCM5102A converter, the first version of the board: outputs only."""

from types import MappingProxyType

from ddsp_pi.rack.boards.terminal_tedium_wm8731 import SPI_PINS, button, cv, gate_in
from ddsp_pi.rack.spec import BoardSpec, Codec, Line

PANEL_ORDER = (5, 6, 1, 4, 7, 0, 3, 2)
"""Channels of the converter, from jack 1 on."""

BOARD = BoardSpec(
    name="terminal-tedium-pcm5102a",
    title="Terminal Tedium with PCM5102A converter",
    cvs=tuple(map(cv, PANEL_ORDER)),
    gates_in=tuple(map(gate_in, (4, 17, 2, 3))),
    gates_out=(Line(16), Line(26)),
    buttons=tuple(map(button, (23, 24, 25))),
    codec=Codec(
        name="PCM5102A",
        overlays=("hifiberry-dac",),
        card_ids=("sndrpihifiberry",),
        rates_hz=(44_100, 48_000, 96_000, 192_000),
        inputs=0,
        outputs=2,
    ),
    bus_pins=MappingProxyType(SPI_PINS | {"I²S BCLK": 18, "I²S LRCLK": 19, "I²S out": 21}),
    notes=(
        "Gates 3 and 4 are on GPIO 2 and 3, the pins of I²C1: switch I²C off.",
        "There is no LED and no audio input.",
    ),
)
