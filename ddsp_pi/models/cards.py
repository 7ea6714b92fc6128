"""Cards of instrument files, read without their networks: enough to say what an instrument is played with."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from ddsp_pi.errors import InstrumentError
from ddsp_pi.files import Sight, sight
from ddsp_pi.models.card import METADATA_KEY, Card, Controller, decode
from ddsp_pi.models.onnx_file import read_metadata

MOST_BYTES = 64 << 20
"""As of a whole instrument."""


def read_card(path: Path) -> Card:
    """What an instrument file says of itself; whether it can play is not looked at.

    Raises:
        InstrumentError: it cannot be read, or has no card.
    """
    try:
        return _card(sight(path))
    except (OSError, ValueError) as error:
        raise InstrumentError(f"{path}: its card cannot be read ({error})") from error


def controllers_of(files: Iterable[Path]) -> tuple[Controller, ...]:
    """The controllers of all instruments among these files; of those with one name the first counts.

    A file that cannot be read has none: whoever is to play it says why.
    """
    found: dict[str, Controller] = {}
    for path in files:
        try:
            style = read_card(path).style
        except InstrumentError:
            continue
        for known in style.controllers if style is not None else ():
            found.setdefault(known.name, known)
    return tuple(found.values())


@lru_cache(maxsize=256)
def _card(seen: Sight) -> Card:
    if seen.size > MOST_BYTES:
        raise ValueError(f"{seen.size >> 20} MB is no instrument")
    text = read_metadata(seen.path.read_bytes()).get(METADATA_KEY)
    if text is None:
        raise ValueError("it has none")
    try:
        return decode(text)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
