"""Where instruments are kept and found: the player's own folder first, then those that ship."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.files import listed, remove, write_whole
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.places import data_folder

SHIPPED = Path(__file__).parent / "instruments"
SUFFIX = ".onnx"
LONGEST_NAME = 64
"""Letters; of a longer one that nobody has, so many are said."""


def own_folder() -> Path:
    """Where the player's own instruments are."""
    return data_folder() / "models"


def is_own(path: Path) -> bool:
    """Whether an instrument file is in the player's own library."""
    return path.parent == own_folder()


def list_instruments() -> dict[str, Path]:
    """Instrument files by name; a player's own instrument hides a shipped one of the same name."""
    return {path.stem: path for path in list_files()}


def list_files() -> list[Path]:
    """Every instrument file, those that are hidden too; the shipped ones first."""
    return [*shipped_files(), *listed(own_folder(), SUFFIX)]


def shipped_files() -> list[Path]:
    """Every instrument file that ships, also one that the player's own hides."""
    return listed(SHIPPED, SUFFIX)


def find_instrument(name: str) -> Path:
    """The file of a named instrument; a path to an .onnx file is taken as it is.

    Raises:
        InstrumentError: there is none of that name; the message lists those there are.
    """
    if name.endswith(SUFFIX) or os.sep in name:
        return Path(name)
    known = list_instruments()
    if name not in known:
        raise InstrumentError(f"no instrument called {name!r}; there are: {', '.join(known) or 'none'}")
    return known[name]


def find_named(name: str) -> Path:
    """The file of an instrument of the library, by its name or as the path that the engine reports.

    For names that come in messages, presets and what was remembered: nothing else can be opened with them.

    Raises:
        InstrumentError: there is none of that name in the library; the message lists those there are.
    """
    known = list_instruments()
    file = known.get(name) or {str(path): path for path in known.values()}.get(name)
    if file is None:
        raise InstrumentError(
            f"no instrument called {name[:LONGEST_NAME]!r}; there are: {', '.join(known) or 'none'}"
        )
    return file


def finder(
    chosen: Callable[[], str],
    check: Callable[[Path], object] = lambda path: None,
    any_file: Callable[[str], Path] = find_instrument,
    named: Callable[[str], Path] = find_named,
) -> Callable[[str], Path]:
    """What finds instruments while it plays: named ones, and the owner's own choice, a file perhaps.

    `check` raises an InstrumentError for a file that is not to be played now; what plays may be something
    else than instruments, which is found otherwise.
    """

    def find(name: str) -> Path:
        path = any_file(name) if name == chosen() else named(name)
        check(path)
        return path

    return find


def open_instrument(name: str) -> Instrument:
    """Find, load and check an instrument by name or path."""
    return load_instrument(find_instrument(name))


def add_instrument(file: Path, replace: bool = False) -> Instrument:
    """Check an instrument file and copy it into the player's own library, under its card's name.

    Raises:
        InstrumentError: it cannot play, or another one has that name and `replace` is not given.
        OSError: the library cannot be written; what was in it before is still there.
    """
    instrument = load_instrument(file)
    name, content = instrument.card.name, file.read_bytes()
    target = own_folder() / (name + SUFFIX)
    try:
        if target.exists() and not replace and target.read_bytes() != content:
            raise InstrumentError(
                f"{target}: you have another instrument called {name!r}; "
                f"'ddsp-pi models add --replace {file}' puts this one in its place"
            )
        write_whole(target, content)
    except OSError as error:
        raise OSError(f"{file} was not added: {error}") from error
    return dataclasses.replace(instrument, path=target)


def remove_instrument(name: str) -> Path:
    """Delete an instrument from the player's own library; returns where it was.

    Raises:
        InstrumentError: it is not there, or it is one of those that ship.
        OSError: the library cannot be written.
    """
    own = {path.stem: path for path in list_files() if is_own(path)}
    if name not in own and name in list_instruments():
        raise InstrumentError(f"{name!r} ships with ddsp-pi and stays; only what you added can be removed")
    if name not in own:
        yours = ", ".join(own) or "none"
        raise InstrumentError(f"no instrument called {name!r} in {own_folder()}; yours are: {yours}")
    try:
        remove(own[name])
    except OSError as error:
        raise OSError(
            f"{own[name]}: {error.strerror}; not removed. Write sudo in front, "
            "or ask who may write in its folder"
        ) from error
    return own[name]


def hidden_by(path: Path) -> Path | None:
    """The shipped instrument that one of the player's own hides, if it does."""
    shipped = SHIPPED / path.name
    return shipped if is_own(path) and shipped.is_file() else None
