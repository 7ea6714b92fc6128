"""Terminal Tedium with the WM8731 codec, the current version of the board."""

from types import MappingProxyType

from ddsp_pi.rack.spec import BoardSpec, Codec, CvInput, Line, MixerSetting

HALF_SPAN_VOLTS = 5.02
"""100 k into 24.9 k against a 2.5 V reference: a span of 10.04 V, worked out from the parts."""

SPI_PINS = {"SPI0 MISO": 9, "SPI0 MOSI": 10, "SPI0 SCLK": 11, "SPI0 CE1": 7}


def cv(channel: int) -> CvInput:
    """A jack whose cable, knob and a fixed offset are summed by an inverting amplifier."""
    return CvInput(channel, -HALF_SPAN_VOLTS, HALF_SPAN_VOLTS, inverted=True, pot=True)


def gate_in(pin: int) -> Line:
    """A jack behind a transistor, which pulls the line down while the gate is high."""
    return Line(pin, active_low=True, pull_up=True)


def button(pin: int) -> Line:
    """A switch to ground."""
    return Line(pin, active_low=True, pull_up=True)


BOARD = BoardSpec(
    name="terminal-tedium-wm8731",
    title="Terminal Tedium with WM8731 codec",
    cvs=tuple(map(cv, range(6))),
    gates_in=tuple(map(gate_in, (4, 17, 14, 27))),
    gates_out=(Line(16), Line(12)),
    buttons=tuple(map(button, (23, 25, 24))),
    led=Line(26),
    codec=Codec(
        name="WM8731",
        overlays=("rpi-proto", "audioinjector-wm8731-audio"),
        card_ids=("sndrpiproto", "audioinjectorpi"),
        rates_hz=(8_000, 32_000, 48_000, 96_000),
        inputs=2,
        outputs=2,
        i2c_address=0x1A,
        mixer=(
            MixerSetting("Master Playback Volume", "110", "the outputs are too quiet or silent"),
            MixerSetting(
                "Output Mixer HiFi Playback Switch", "on", "the converter does not reach the outputs"
            ),
            MixerSetting("Input Mux", "Line In", "the microphone is recorded, not the inputs"),
            MixerSetting("Capture Volume", "31", "the inputs are too quiet"),
            MixerSetting("Line Capture Switch", "on", "the inputs are muted"),
        ),
    ),
    bus_pins=MappingProxyType(
        SPI_PINS
        | {"I²C1 SDA": 2, "I²C1 SCL": 3, "I²S BCLK": 18, "I²S LRCLK": 19, "I²S in": 20, "I²S out": 21}
    ),
    notes=(
        "Gate 3 is on GPIO 14, where the serial console speaks: switch the console off.",
        "The codec has its own 12.288 MHz crystal and is the clock master, so 44.1 kHz is not there.",
        "A Pi 4 draws more than the board's 1 A regulator gives: remove its jumper, feed the Pi separately.",
    ),
)
