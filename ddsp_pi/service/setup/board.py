"""Which board a module is to be set up for."""

from collections.abc import Callable

from ddsp_pi.errors import ConfigError
from ddsp_pi.rack.boards import SIM, board_names
from ddsp_pi.service.view import View


def settle_board(view: View, ask: Callable[[str], str] | None) -> str:
    """The board to set up for; empty: the one that is named in the settings or found.

    Args:
        view: the system, looked at with the board that was named, if one was.
        ask: asks the person who watches; None: nobody does.

    Raises:
        ConfigError: it is a Raspberry Pi, and nothing tells which board it carries.
    """
    if view.board is not None or not view.host.model:
        return ""
    names = [name for name in board_names() if name != SIM]
    if ask is None:
        raise ConfigError(f"which board does this Pi carry? Say it: --board {' or --board '.join(names)}")
    rows = [f"  {number} {name}" for number, name in enumerate(names, 1)]
    said = ask("\n".join(["Which board does this Pi carry?", *rows, f"number or name [{names[-1]}]: "]))
    return _chosen(said.strip(), names)


def _chosen(said: str, names: list[str]) -> str:
    if not said:
        return names[-1]
    if said.isdigit() and 1 <= int(said) <= len(names):
        return names[int(said) - 1]
    if said in names:
        return said
    raise ConfigError(f"no board called {said!r}; there are: {', '.join(names)}")
