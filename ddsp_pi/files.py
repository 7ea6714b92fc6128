"""Files that appear whole or not at all, whatever happens meanwhile; and files as they are seen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple


class Sight(NamedTuple):
    """A file as it was seen; a new version differs in at least one of these."""

    path: Path
    modified_ns: int
    size: int
    inode: int


def sight(path: Path) -> Sight:
    """Look at a file.

    Raises:
        OSError: it is not there, or not for us.
    """
    state = path.stat()
    return Sight(path, state.st_mtime_ns, state.st_size, state.st_ino)


@contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """A file to write that takes its place under `path` at the end of the block.

    It is written beside its place and reaches the disk before it is renamed; an error in the block
    removes it and leaves what was there before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    try:
        with unfinished.open(mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
