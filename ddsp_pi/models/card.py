"""The card: what an instrument file says about itself, kept in the file's own metadata."""

from typing import Annotated

import msgspec
from msgspec import Meta

FORMAT_VERSION, PLAYED_VERSION = 1, 2
"""Raised when the meaning of inputs, outputs, bands or units changes; of instruments that are played by
pitch and loudness, and of those that are played by notes."""

METADATA_KEY = "ddsp_pi.card"

NAME = r"^[a-z0-9][a-z0-9_-]{0,63}\Z"
"""A card's name becomes that of a file; `$` would let a line end pass."""

CONTROLLER = r"^[a-z][a-z0-9_]{0,31}\Z"

Positive = Annotated[int, Meta(gt=0)]


class Range(msgspec.Struct, frozen=True):
    """A closed range, low to high."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __and__(self, other: "Range") -> "Range":
        """What both contain; empty, with low above high, if they are apart."""
        return Range(max(self.low, other.low), min(self.high, other.high))


class Controller(msgspec.Struct, frozen=True):
    """A way to play that an instrument was trained with, such as how open its strings are."""

    name: Annotated[str, Meta(pattern=CONTROLLER)]
    """A parameter of this name plays it, 0 to 1."""
    doc: str
    default: Annotated[float, Meta(ge=0, le=1)]
    """How it is played until somebody says otherwise."""
    cc: Annotated[int, Meta(ge=0, le=127)] | None = None
    """The MIDI controller that usually turns it."""


class SecondBank(msgspec.Struct, frozen=True):
    """A second bank of harmonics at a fixed ratio to the pitch, such as the fifth of a power chord."""

    ratio: Annotated[float, Meta(gt=0)]
    n_harmonics: Positive
    """Of this bank; they are the last of all the harmonics in the network's answer."""
    controller: str
    """Its gain, as well as an input of the network."""


class Style(msgspec.Struct, frozen=True):
    """What an instrument is played with that answers to notes, not to analysed audio."""

    controllers: tuple[Controller, ...] = ()
    second: SecondBank | None = None


class Parity(msgspec.Struct, frozen=True):
    """A short input and what the network must answer, checked at every load.

    Steps run from a zero state; only the last step's outputs are kept.
    """

    f0_hz: tuple[float, ...]
    loudness_db: tuple[float, ...]
    harmonics: tuple[float, ...]
    noise: tuple[float, ...]
    touch: tuple[tuple[float, ...], ...] = ()
    """Rows of a Touch, for an instrument that is played by notes."""


class Spectrum(msgspec.Struct, frozen=True):
    """The training set's log-mean spectral envelope: what a static synthesizer would play.

    Levels are ln of amplitudes relative to the A-weighted level, at 1/6-octave frequencies.
    """

    frequencies_hz: tuple[float, ...]
    harmonic_levels: tuple[float, ...]
    noise_levels: tuple[float, ...]


class Card(msgspec.Struct, frozen=True):
    """Everything a player, a loader or a lawyer asks of an instrument."""

    format_version: int
    name: Annotated[str, Meta(pattern=NAME)]
    title: str
    author: str
    licence: str
    attribution: str
    made_from: str
    created: str
    sample_rate: int
    hop: int
    n_harmonics: Positive
    n_bands: Positive
    hidden: Annotated[int, Meta(ge=0)]
    """Numbers that it remembers from one step to the next; 0: an answer depends on nothing before."""
    parameters: Positive
    pitch_range_hz: Range
    loudness_range_db: Range
    history: tuple[str, ...]
    held_out: tuple[str, ...]
    metrics: dict[str, float]
    baseline: Spectrum
    parity: Parity
    style: Style | None = None
    """None: it is played by pitch and loudness alone, as they are heard or come by cable."""


def encode(card: Card) -> str:
    """The card as JSON."""
    return msgspec.json.encode(card).decode()


def decode(text: str) -> Card:
    """The card from JSON.

    Raises:
        msgspec.ValidationError: with the place of what does not fit.
    """
    return msgspec.json.decode(text, type=Card)
