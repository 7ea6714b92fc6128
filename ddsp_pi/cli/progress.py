"""A progress bar on the terminal, for anything that takes over two seconds."""

import sys
import time
from types import TracebackType

WIDTH = 30
PATIENCE_S = 0.5


class Progress:
    """Counts towards a total on one line of stderr; says nothing where nobody watches."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total = label, total
        self._done = 0
        self._begun = self._shown = time.monotonic()
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._watched:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def advance(self, amount: int) -> None:
        """So much more is done."""
        self._done += amount
        now = time.monotonic()
        if self._watched and now - self._begun > PATIENCE_S and now - self._shown > 0.1:
            self._shown = now
            self._show()

    def _show(self) -> None:
        share = min(self._done / self._total, 1.0)
        bar = "█" * round(share * WIDTH) + "░" * (WIDTH - round(share * WIDTH))
        print(f"\r{self._label} {bar} {share:4.0%}", end="", file=sys.stderr, flush=True)
