"""A text file of rows that can be read at any time, whatever happens to who writes it."""

import contextlib
import os
from pathlib import Path


class RowFile:
    """Only whole rows are ever in it."""

    def __init__(self, path: Path) -> None:
        """Begin a file, in place of an older one.

        Raises:
            OSError: it cannot be written.
        """
        self.path = path
        self._file = path.open("wb", buffering=0)
        self._size = 0

    def append(self, rows: str) -> None:
        """Write rows, each with its end of line.

        Raises:
            OSError: not all of them could be written; those that were are whole.
        """
        rest = memoryview(rows.encode())
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._cut(rows.encode()[: -len(rest)])
            raise OSError(
                f"{self.path}: {error.strerror}; what was recorded until then can be read"
            ) from error
        self._size = self._file.tell()

    def close(self) -> None:
        """See to it that pulling the plug now loses nothing."""
        # Not everything that can be written to is a file on a disk.
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()

    def _cut(self, written: bytes) -> None:
        """Take back the row that was written in part."""
        self._size += written.rfind(b"\n") + 1
        with contextlib.suppress(OSError):
            os.ftruncate(self._file.fileno(), self._size)
            self._file.seek(self._size)
