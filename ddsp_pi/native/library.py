"""Finds and loads the compiled kernel, once, and says what plays."""

import ctypes
import os
import platform
import sys
from functools import cache
from pathlib import Path

from ddsp_pi.errors import ConfigError

VERSION = 5
"""KERNEL_VERSION of kernel.h."""

CHOICE = "DDSP_PI_KERNEL"
"""Environment: `numpy` plays without the kernel, `native` refuses to play without it."""

_FILE = Path(__file__).parent / f"kernel-{sys.platform}-{platform.machine()}.so"


@cache
def kernel() -> ctypes.CDLL | None:
    """The loaded library, None where numpy plays. Chosen at the first call, for good.

    Raises:
        ConfigError: the environment demands what is not there, or something unknown.
    """
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "numpy", "native"):
        raise ConfigError(f"{CHOICE}={choice}: give numpy or native, or nothing for the best there is")
    if choice == "numpy":
        return None
    loaded = _load()
    if isinstance(loaded, str) and choice == "native":
        raise ConfigError(f"{CHOICE}=native: {loaded}")
    return None if isinstance(loaded, str) else loaded


def describe() -> str:
    """What plays and, for numpy, why, in a line for the log."""
    if kernel() is not None:
        return "native kernel"
    chosen = os.environ.get(CHOICE) == "numpy"
    return "numpy (as chosen)" if chosen else f"numpy ({_load()})"


@cache
def _load() -> ctypes.CDLL | str:
    """The library, or why there is none."""
    remedy = "install a C compiler (sudo apt-get install gcc) and ddsp-pi again to have it built"
    if not _FILE.is_file():
        return f"the native kernel was not built; {remedy}"
    try:
        # With the interpreter's lock held: its calls take microseconds, and the callback that let go of the
        # lock would have to wait for whatever other thread of its process takes it meanwhile.
        library = ctypes.PyDLL(str(_FILE))
        version = library.kernel_version()
    except (OSError, AttributeError) as error:
        return f"the native kernel cannot be loaded ({error}); {remedy}"
    if version != VERSION:
        return f"the native kernel is of version {version}, not {VERSION}; {remedy}"
    return library
