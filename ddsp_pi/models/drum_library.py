"""Where drum mappers are kept and found: the player's own first, then those that ship."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.errors import InstrumentError
from ddsp_pi.files import Sight, listed, replacing, sight
from ddsp_pi.models import drum_hand
from ddsp_pi.models.drum_card import DrumCard
from ddsp_pi.models.drum_hand import HandMapper, load_hand
from ddsp_pi.models.drum_mapper import DrumMapper, load_mapper
from ddsp_pi.models.library import LONGEST_NAME, SUFFIX
from ddsp_pi.places import data_folder

SHIPPED = Path(__file__).parent / "drums"
SUFFIXES = (SUFFIX, drum_hand.SUFFIX)
"""Of trained mappers, and of those that were written by hand."""

PLAIN = "plain"
"""The one that fits any drum."""


class Label(NamedTuple):
    """What a mapper is called, as a card has it."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class MapperFile:
    """A checked mapper that is ready to play."""

    path: Path
    card: Label
    mapper: DrumMapper | HandMapper
    trained: DrumCard | None
    """None: it was written by hand, for no drum in particular."""


def own_folder() -> Path:
    """Where the player's own mappers are, apart from instruments."""
    return data_folder() / "models" / "drums"


def list_mappers() -> dict[str, Path]:
    """Mapper files by name; a player's own one hides a shipped one of the same name."""
    folders = (SHIPPED, own_folder())
    return {path.stem: path for folder in folders for suffix in SUFFIXES for path in listed(folder, suffix)}


def find_mapper(name: str) -> Path:
    """The file of a named mapper; a path to a file is taken as it is.

    Raises:
        InstrumentError: there is none of that name; the message lists those there are.
    """
    return Path(name) if name.endswith(SUFFIXES) or os.sep in name else find_named_mapper(name)


def find_named_mapper(name: str) -> Path:
    """The file of a mapper of the library, by its name or as the path that the engine reports.

    Raises:
        InstrumentError: there is none of that name in the library; the message lists those there are.
    """
    known = list_mappers()
    file = known.get(name) or {str(path): path for path in known.values()}.get(name)
    if file is None:
        raise InstrumentError(
            f"no drum mapper called {name[:LONGEST_NAME]!r}; there are: {', '.join(known) or 'none'}"
        )
    return file


def read_mapper(path: Path) -> MapperFile:
    """Load and check a mapper file of either kind.

    Raises:
        InstrumentError: it is missing, or cannot be used; the message says why.
    """
    try:
        return _read(sight(path))
    except OSError as error:
        raise InstrumentError(
            f"{path}: {error.strerror}; 'ddsp-pi models list --drums' shows what there is"
        ) from None


@lru_cache(maxsize=16)
def _read(seen: Sight) -> MapperFile:
    path = seen.path
    if path.suffix == drum_hand.SUFFIX:
        written = load_hand(path)
        return MapperFile(path, Label(path.stem, written.title), written, None)
    mapper = load_mapper(path)
    return MapperFile(path, Label(mapper.card.name, mapper.card.title), mapper, mapper.card)


def open_mapper(name: str) -> MapperFile:
    """Find, load and check a mapper by name or path."""
    return read_mapper(find_mapper(name))


def hidden_by(path: Path) -> Path | None:
    """The shipped mapper that one of the player's own hides, if it does."""
    shipped = [SHIPPED / (path.stem + suffix) for suffix in SUFFIXES] if path.parent == own_folder() else []
    return next((file for file in shipped if file.is_file()), None)


def add_mapper(file: Path, replace: bool = False) -> Path:
    """Check a mapper file and copy it to the player's own, under its card's name.

    Raises:
        InstrumentError: it cannot be used, or another one has that name and `replace` is not given.
        OSError: it cannot be written there.
    """
    name, content = read_mapper(file).card.name, file.read_bytes()
    target = own_folder() / (name + file.suffix)
    if target.exists() and not replace and target.read_bytes() != content:
        raise InstrumentError(
            f"{target}: you have another drum mapper called {name!r}; "
            f"'ddsp-pi models add --drums --replace {file}' puts this one in its place"
        )
    with replacing(target) as copy:
        copy.write(content)
    return target
