"""A board as a table: which jack is wired to which channel and pin, and which codec plays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FULL_SCALE = 4095
"""Highest count of a 12-bit converter."""


@dataclass(frozen=True, slots=True)
class CvInput:
    """A CV jack. With its knob at noon, `low_volts` reads as the lowest and `high_volts` as the highest."""

    channel: int
    """Of the converter."""
    low_volts: float
    high_volts: float
    inverted: bool
    """Whether higher volts give lower counts."""
    pot: bool
    """Whether a knob adds to the jack, so that nothing tells whether a cable is in."""

    def volts(self, counts: float) -> float:
        """Volts at the jack by the parts on the board; fractions of a count come from averaging."""
        share = counts / FULL_SCALE
        return self.low_volts + (self.high_volts - self.low_volts) * (1.0 - share if self.inverted else share)

    def counts(self, volts: float) -> float:
        """What the converter would read, not rounded and not held inside its range."""
        share = (volts - self.low_volts) / (self.high_volts - self.low_volts)
        return FULL_SCALE * (1.0 - share if self.inverted else share)

    @property
    def volts_per_count(self) -> float:
        """The smallest step that the converter sees."""
        return (self.high_volts - self.low_volts) / FULL_SCALE


@dataclass(frozen=True, slots=True)
class Line:
    """A GPIO line, by its BCM number."""

    pin: int
    active_low: bool = False
    pull_up: bool = False


@dataclass(frozen=True, slots=True)
class Spi:
    """Where the converter is: /dev/spidev<bus>.<device>."""

    bus: int = 0
    device: int = 1
    hz: int = 1_000_000
    mode: int = 0

    @property
    def path(self) -> str:
        """The device file."""
        return f"/dev/spidev{self.bus}.{self.device}"


@dataclass(frozen=True, slots=True)
class MixerSetting:
    """A control of the codec's mixer, as `amixer cget name=…` knows it, and what it must be set to."""

    control: str
    value: str
    otherwise: str
    """What is wrong while it is set differently."""


@dataclass(frozen=True, slots=True)
class Codec:
    """The sound chip of a board."""

    name: str
    overlays: tuple[str, ...]
    """Device-tree overlays that bring its driver, the preferred one first."""
    card_ids: tuple[str, ...]
    """ALSA card ids that these overlays give."""
    rates_hz: tuple[int, ...]
    inputs: int
    outputs: int
    i2c_address: int | None = None
    """On I²C bus 1; None: it needs none."""
    mixer: tuple[MixerSetting, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """All that software has to know of a board. Jacks are in the order of the panel, from 1 on."""

    name: str
    title: str
    cvs: tuple[CvInput, ...]
    gates_in: tuple[Line, ...]
    gates_out: tuple[Line, ...] = ()
    buttons: tuple[Line, ...] = ()
    led: Line | None = None
    spi: Spi = field(default_factory=Spi)
    codec: Codec | None = None
    bus_pins: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Pins of the buses (SPI, I²C, I²S) by what they carry, BCM numbers."""
    notes: tuple[str, ...] = ()
    """What whoever wires it has to know, a sentence each."""
    simulated: bool = False
    """Whether it is software only, with nothing to wire."""

    @property
    def lines(self) -> dict[str, Line]:
        """Every GPIO line by its name on the panel: gate_in_1…, gate_out_1…, button_1…, led."""
        groups = {"gate_in": self.gates_in, "gate_out": self.gates_out, "button": self.buttons}
        named = {f"{name}_{i}": line for name, group in groups.items() for i, line in enumerate(group, 1)}
        return named | ({} if self.led is None else {"led": self.led})
