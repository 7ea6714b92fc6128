"""What a module is given to begin with: settings for its board, and the units that start it."""

from pathlib import Path

from ddsp_pi.config import load_config
from ddsp_pi.places import SYSTEM_FILE
from ddsp_pi.shipped import configs_folder, units_folder

SCHEMA = SYSTEM_FILE.with_name("schema.json")
"""What editors complete and check settings by."""

_UNIT_SUFFIXES = (".path", ".service")

_MODELINE = f"# yaml-language-server: $schema={SCHEMA}\n"

_PLAIN = """# The settings of this module. Only what differs from the defaults has to stand here:
#   ddsp-pi config show              what plays in the end
#   ddsp-pi config explain           every setting, its range and meaning
#   ddsp-pi config check             is this file right
"""


def settings_text(board: str) -> str:
    """The first settings: those that ship for a board, else only what tells how to write them.

    Args:
        board: its name; empty: whichever is found.
    """
    if not board:
        return _MODELINE + _PLAIN
    for path in sorted(configs_folder().glob("*.yaml")):
        if load_config(path).rack.board == board:
            return _MODELINE + path.read_text("utf-8")
    return f"{_MODELINE}{_PLAIN}\nrack:\n  board: {board}\n"


def schema_text() -> str | None:
    """What the settings may be, for editors; None: it does not ship."""
    file = configs_folder() / SCHEMA.name
    return file.read_text("utf-8") if file.is_file() else None


def units() -> list[Path]:
    """The files of the units."""
    return sorted(path for path in units_folder().iterdir() if path.suffix in _UNIT_SUFFIXES)


def wanted_by(text: str) -> str:
    """The unit that starts a unit once it is enabled; empty: none does."""
    rows = [row.partition("=") for row in text.splitlines()]
    return next((value.strip() for key, _, value in rows if key.strip() == "WantedBy"), "")
