"""Where the files are that ship with the package but are not code."""

from pathlib import Path


def configs_folder() -> Path:
    """The folder of `default.yaml` and the performances."""
    return _folder("configs")


def demo(mode: str) -> Path:
    """The performance that a simulated board plays to a mode where nobody names another."""
    own = configs_folder() / "modes" / f"{mode}.csv"
    return own if own.is_file() else configs_folder() / "performances" / "violin-phrase.csv"


def puredata_folder() -> Path:
    """The folder of `ddsp.pd` and the patches around it."""
    return _folder("puredata")


def units_folder() -> Path:
    """The folder of the systemd units."""
    return _folder("systemd")


def _folder(name: str) -> Path:
    """A wheel carries it inside the package; a checkout has it beside, where musicians look for it."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
