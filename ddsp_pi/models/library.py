"""Where instruments are found: the player's own folder first, then those that ship."""

import os
from pathlib import Path

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.bundle import Instrument, load_instrument

SHIPPED = Path(__file__).parent / "instruments"
SUFFIX = ".onnx"


def data_folder() -> Path:
    """The writable folder of this installation: $DDSP_PI_DATA, or the system's, or the user's own."""
    named = os.environ.get("DDSP_PI_DATA")
    system = Path("/var/lib/ddsp_pi")
    if named:
        return Path(named)
    return system if os.access(system, os.W_OK) else Path.home() / ".local" / "share" / "ddsp_pi"


def list_instruments() -> dict[str, Path]:
    """Instrument files by name; a player's own instrument hides a shipped one of the same name."""
    found: dict[str, Path] = {}
    for folder in (SHIPPED, data_folder() / "models"):
        found |= {path.stem: path for path in sorted(folder.glob("*" + SUFFIX))}
    return found


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


def open_instrument(name: str) -> Instrument:
    """Find, load and check an instrument by name or path."""
    return load_instrument(find_instrument(name))
