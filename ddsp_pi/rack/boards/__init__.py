"""The boards there are. A new one is one file with a BoardSpec and one entry point in `ddsp_pi.boards`."""

from importlib.metadata import entry_points

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.spec import BoardSpec

GROUP = "ddsp_pi.boards"

AUTO = "auto"
"""In place of a name: the board whose parts are there."""

SIM = "sim"
"""The board that needs no parts, not even simulated ones."""


def board_names() -> list[str]:
    """The names of all boards that are installed, sorted."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def find_board(name: str) -> BoardSpec:
    """The table of a board.

    Raises:
        BoardError: there is none of that name, or its entry point leads to none.
    """
    entries = list(entry_points(group=GROUP, name=name))
    if not entries:
        known = ", ".join(board_names()) or "none; install ddsp-pi with pip"
        raise BoardError(f"no board called {name!r}; there are: {known}")
    entry = entries[0]
    try:
        spec = entry.load()
    except (ImportError, AttributeError) as error:
        raise BoardError(
            f"board {name!r}: its entry point {entry.value} cannot be loaded ({error})"
        ) from error
    if not isinstance(spec, BoardSpec) or spec.name != name:
        raise BoardError(f"board {name!r}: its entry point {entry.value} leads to no BoardSpec of that name")
    return spec
