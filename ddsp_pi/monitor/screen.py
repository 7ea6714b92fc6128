"""Where views go: a terminal on which a table stays in its place, or lines one after the other."""

import shutil
import sys
from collections.abc import Callable

import msgspec

from ddsp_pi.monitor.view import View
from ddsp_pi.monitor.words import line, table

UP = "\033[{}A"
REST_OF_LINE, REST_OF_SCREEN = "\033[K", "\033[J"


class Screen:
    """A terminal: every table is drawn over the one before."""

    def __init__(self) -> None:
        self._height = 0

    def __call__(self, view: View) -> None:
        """Show it."""
        size = shutil.get_terminal_size()
        # A line that the terminal breaks, or one too many, would upset the counting.
        lines = [part for text in table(view) for part in _parts(text, size.columns - 1)][: size.lines - 1]
        up = UP.format(self._height) if self._height else ""
        self._height = len(lines)
        drawn = "".join(f"{text}{REST_OF_LINE}\n" for text in lines)
        print(f"{up}{drawn}{REST_OF_SCREEN}", end="", flush=True)


def _parts(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)] or [""]


def print_line(view: View) -> None:
    """In words."""
    print(line(view), flush=True)


def print_json(view: View) -> None:
    """As an object of JSON in one line."""
    print(msgspec.json.encode(view).decode(), flush=True)


def form(as_json: bool) -> Callable[[View], None]:
    """How views are shown here."""
    if as_json:
        return print_json
    return Screen() if sys.stdout.isatty() else print_line
