"""Compiles the kernel with whatever C compiler there is; `python -m ddsp_pi.native.build` does it in place.

Stdlib only: the package's build runs this file before anything is installed.
"""

import os
import platform
import shlex
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent

LIBRARY = HERE / f"kernel-{sys.platform}-{platform.machine()}.so"

_FLAGS = (
    "-std=gnu11",
    "-O3",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-Wno-psabi",
)


def fingerprint(folder: Path) -> int | None:
    """A number that tells the C files of a folder from others, 32 bits; None: there are none."""
    sources = sorted(folder.glob("*.[ch]"))
    told = b"".join(source.name.encode() + b"\0" + source.read_bytes() for source in sources)
    return zlib.crc32(told) if sources else None


def compile_kernel(library: Path = LIBRARY) -> str | None:
    """Make one shared library of all C files beside this one; why it did not work, None if it did.

    It is put in place in one step: a program that has the old one loaded keeps that, and an interrupted
    build leaves none. After a failure there is no library, for an old one would not fit its new callers.
    """
    sources = [str(source) for source in sorted(HERE.glob("*.c"))]
    told = f"-DKERNEL_SOURCES={fingerprint(HERE)}"
    fresh = library.with_suffix(".new")
    reasons = []
    for compiler in _compilers():
        reason = _run([*compiler, *_FLAGS, told, "-o", str(fresh), *sources, "-lm"])
        if reason is None:
            fresh.replace(library)
            return None
        reasons.append(f"{compiler[0]}: {reason}")
    for left in (fresh, library):
        left.unlink(missing_ok=True)
    return "; ".join(reasons)


def _compilers() -> Iterator[list[str]]:
    """The one that CC names, alone, else the usual ones."""
    named = os.environ.get("CC")
    yield from map(shlex.split, [named] if named else ["cc", "gcc", "clang"])


def _run(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return error.strerror or str(error)
    # The first error is the cause; what follows are its consequences.
    lines = [line for line in done.stderr.splitlines() if "error" in line] or ["no error message"]
    return None if done.returncode == 0 else lines[0]


if __name__ == "__main__":
    failure = compile_kernel()
    sys.exit(failure and f"no native kernel: {failure}")
