"""Finds and loads the compiled kernel, once, and says what plays."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Literal

from ddsp_pi.errors import ConfigError
from ddsp_pi.native.build import LIBRARY, fingerprint

VERSION = 7
"""KERNEL_VERSION of kernel.h."""

CHOICE = "DDSP_PI_KERNEL"
"""Environment: `numpy` plays without the kernel, `native` refuses to play without it."""

_override: ContextVar[str | None] = ContextVar("kernel", default=None)


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
    if not LIBRARY.is_file():
        return f"the native kernel was not built; {remedy}"
    try:
        library = ctypes.CDLL(str(LIBRARY))
        version, fits = library.kernel_version(), _is_of_its_sources(library)
    except (OSError, AttributeError) as error:
        return f"the native kernel cannot be loaded ({error}); {remedy}"
    if version != VERSION:
        return f"the native kernel is of version {version}, not {VERSION}; {remedy}"
    if not fits:
        again = "python -m ddsp_pi.native.build"
        return f"the native kernel was built from other C files than those beside it; build it again: {again}"
    return library


def _is_of_its_sources(library: ctypes.CDLL) -> bool:
    """Whether it was built from the C files beside it, if there are any: another one may crash."""
    beside = fingerprint(LIBRARY.parent)
    if beside is None:
        return True
    if not hasattr(library, "kernel_sources"):
        return False
    library.kernel_sources.restype = ctypes.c_uint32
    return bool(library.kernel_sources() == beside)
