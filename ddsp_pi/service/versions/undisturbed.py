"""A command that goes on to its end when the connection that it was typed over is lost."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

CLEAR = "\r\033[K"


@contextmanager
def undisturbed() -> Iterator[None]:
    """While the block runs a lost terminal only makes us silent, and a plain kill unwinds like Ctrl-C."""
    before = {number: signal.signal(number, act) for number, act in ACTS.items()}
    try:
        yield
    finally:
        for number, act in before.items():
            signal.signal(number, act)


def say(text: str) -> None:
    """Print a line at once, if anybody reads it; on a terminal in the place of a progress bar."""
    with suppress(OSError):
        print(f"{CLEAR if sys.stdout.isatty() else ''}{text}", flush=True)


def _fall_silent(number: int, frame: FrameType | None) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _unwind(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


ACTS = {signal.SIGHUP: _fall_silent, signal.SIGTERM: _unwind}
