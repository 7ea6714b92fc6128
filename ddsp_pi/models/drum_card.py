"""The card of a drum mapper: what such a file says about itself, kept in the file's own metadata."""

from typing import Annotated

import msgspec
from msgspec import Meta

from ddsp_pi.models.card import NAME, Positive, Range

DRUM_VERSION = 1
"""Raised when the meaning of inputs, outputs, features or knobs changes."""

DRUM_KEY = "ddsp_pi.drum"

Row = tuple[float, float, float]
"""The features of a hit: loudness_db, centroid and flatness_db, or differences of them in 0 to 1."""


class MapperParity(msgspec.Struct, frozen=True):
    """What the mapper must answer, checked at every load."""

    differences: tuple[Row, ...]
    movements: tuple[tuple[float, ...], ...]
    """Of the 14 knobs for each difference."""


class DrumCard(msgspec.Struct, frozen=True):
    """Everything a player, a loader or a lawyer asks of a mapper."""

    format_version: int
    name: Annotated[str, Meta(pattern=NAME)]
    title: str
    author: str
    licence: str
    attribution: str
    made_from: str
    created: str
    preset: str
    """The drum whose knobs are turned."""
    values: tuple[float, ...]
    """(14,) where they stand, in the units of SNARE_PARAMS."""
    damping: tuple[float, ...]
    """(14,) what each movement is multiplied by; it was learned so."""
    kind: str
    """Its size: linear, small or large."""
    hidden: tuple[Positive, ...]
    """Units of the layers in between."""
    parameters: Positive
    ranges: tuple[Range, Range, Range]
    """What of each feature becomes 0 to 1 for the mapper."""
    reference: Row
    """The features of the hit that turns no knob, until a drum has one of its own."""
    history: tuple[str, ...]
    held_out: tuple[str, ...]
    metrics: dict[str, float]
    parity: MapperParity


def encode(card: DrumCard) -> str:
    """The card as JSON."""
    return msgspec.json.encode(card).decode()


def decode(text: str) -> DrumCard:
    """The card from JSON.

    Raises:
        msgspec.ValidationError: with the place of what does not fit.
    """
    return msgspec.json.decode(text, type=DrumCard)
