"""Only one at a time may change what is installed."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ddsp_pi.errors import ConfigError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While the block runs nobody else changes anything in a folder, and all may read what is made there.

    The end of the process ends it, too, whichever way it comes.

    Raises:
        ConfigError: somebody else does so now, or nothing can be written.
    """
    mask = os.umask(0o022)
    try:
        lock = _taken(folder)
        try:
            yield
        finally:
            os.close(lock)
    finally:
        os.umask(mask)


def is_busy(folder: Path) -> bool:
    """Whether somebody changes something in a folder now; who may not ask is told no."""
    try:
        lock = os.open(folder / ".lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _taken(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        remedy = "sudo mount -o remount,rw /"
        raise ConfigError(f"{folder} is on a disk that is read-only; first: {remedy}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ConfigError("another update is at work; see how it goes with 'ddsp-pi versions'") from None
    return lock
