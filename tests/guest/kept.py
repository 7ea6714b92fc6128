"""Work that is kept: a step is done again only when what went into it has changed."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path


def key_of(*parts: object) -> str:
    """What stands for all that went into a step: texts, and files by their content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


class Kept:
    """Remembers in a folder which steps were done, and with what."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, step: str) -> str:
        """What the step was done with; empty: it was not done."""
        mark = self._mark(step)
        return mark.read_text() if mark.exists() else ""

    def once(self, step: str, key: str, do: Callable[[], object], also: Iterable[Path] = ()) -> None:
        """Do a step, unless it was done with this key and what it made is `also` still there."""
        if self.key(step) == key and all(path.exists() for path in also):
            return
        self._mark(step).unlink(missing_ok=True)
        do()
        self._mark(step).write_text(key)

    def _mark(self, step: str) -> Path:
        return self._folder / f"{step}.key"
