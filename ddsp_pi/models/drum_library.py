"""Where drum mappers are kept and found: the player's own first, then those that ship."""

import os
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.files import listed, replacing
from ddsp_pi.models.drum_mapper import DrumMapper, load_mapper
from ddsp_pi.models.library import SUFFIX
from ddsp_pi.places import data_folder

SHIPPED = Path(__file__).parent / "drums"


def own_folder() -> Path:
    """Where the player's own mappers are, apart from instruments."""
    return data_folder() / "models" / "drums"


def list_mappers() -> dict[str, Path]:
    """Mapper files by name; a player's own one hides a shipped one of the same name."""
    return {path.stem: path for folder in (SHIPPED, own_folder()) for path in listed(folder, SUFFIX)}


def find_mapper(name: str) -> Path:
    """The file of a named mapper; a path to an .onnx file is taken as it is.

    Raises:
        InstrumentError: there is none of that name; the message lists those there are.
    """
    if name.endswith(SUFFIX) or os.sep in name:
        return Path(name)
    known = list_mappers()
    if name not in known:
        raise InstrumentError(f"no drum mapper called {name!r}; there are: {', '.join(known) or 'none'}")
    return known[name]


def open_mapper(name: str) -> DrumMapper:
    """Find, load and check a mapper by name or path."""
    return load_mapper(find_mapper(name))


def add_mapper(file: Path, replace: bool = False) -> Path:
    """Check a mapper file and copy it to the player's own, under its card's name.

    Raises:
        InstrumentError: it cannot be used, or another one has that name and `replace` is not given.
        OSError: it cannot be written there.
    """
    name, content = load_mapper(file).card.name, file.read_bytes()
    target = own_folder() / (name + SUFFIX)
    if target.exists() and not replace and target.read_bytes() != content:
        raise InstrumentError(
            f"{target}: you have another drum mapper called {name!r}; "
            f"'ddsp-pi models add --drums --replace {file}' puts this one in its place"
        )
    with replacing(target) as copy:
        copy.write(content)
    return target
