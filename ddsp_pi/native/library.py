"""Finds and loads the compiled kernel, once, and says what plays."""

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

from ddsp_pi.errors import ConfigError

VERSION = 7
"""KERNEL_VERSION of kernel.h."""

CHOICE = "DDSP_PI_KERNEL"
"""Environment: `numpy` plays without the kernel, `native` refuses to play without it."""

_override: ContextVar[str | None] = ContextVar("kernel", default=None)

_FILE = Path(__file__).parent / f"kernel-{sys.platform}-{platform.machine()}.so"


def kernel() -> ctypes.CDLL | None:
    """The loaded library, None where numpy plays.

    Raises:
        ConfigError: the environment demands what is not there, or something unknown.
    """
    return _chosen(_choice())


@contextmanager
def choose(name: Literal["numpy", "native"]) -> Iterator[None]:
    """Whatever is built inside, in this thread, plays on that kernel, whatever the environment says.

    Only what is built counts: it goes on playing on its kernel outside. An instrument that is changed
    while it sounds needs the new one built on the same kernel.
    """
    token = _override.set(name)
    try:
        yield
    finally:
        _override.reset(token)


def describe() -> str:
    """What plays and, for numpy, why, in a line for the log."""
    if kernel() is not None:
        return "native kernel"
    return "numpy (as chosen)" if _choice() == "numpy" else f"numpy ({_load()})"


def _choice() -> str:
    return _override.get() or os.environ.get(CHOICE, "")


@cache
def _chosen(choice: str) -> ctypes.CDLL | None:
    if choice not in ("", "numpy", "native"):
        raise ConfigError(f"{CHOICE}={choice}: give numpy or native, or nothing for the best there is")
    if choice == "numpy":
        return None
    loaded = _load()
    if isinstance(loaded, str) and choice == "native":
        raise ConfigError(f"{CHOICE}=native: {loaded}")
    return None if isinstance(loaded, str) else loaded


@cache
def _load() -> ctypes.CDLL | str:
    """The library, or why there is none."""
    remedy = "install a C compiler (sudo apt-get install gcc) and ddsp-pi again to have it built"
    if not _FILE.is_file():
        return f"the native kernel was not built; {remedy}"
    try:
        library = ctypes.CDLL(str(_FILE))
        version = library.kernel_version()
    except (OSError, AttributeError) as error:
        return f"the native kernel cannot be loaded ({error}); {remedy}"
    if version != VERSION:
        return f"the native kernel is of version {version}, not {VERSION}; {remedy}"
    return library
