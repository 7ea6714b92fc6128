"""A computer, to look at and not to touch: its files under a root folder, and what its commands answer."""

import glob
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.service.kernel_gpio import Gpio, KernelGpio

PATIENCE_S = 5.0
"""Longest that a command may take."""

NOT_INSTALLED = 127
TOOK_TOO_LONG = 124


class Result(NamedTuple):
    """What a command answered."""

    code: int
    out: str = ""
    err: str = ""


Run = Callable[[Sequence[str]], Result]


def run_command(words: Sequence[str]) -> Result:
    """Run a command that changes nothing; one that is missing or hangs has a code of its own."""
    # Its words are read by us, so they must not be in the user's language.
    environment = os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, env=environment
        )
    except subprocess.TimeoutExpired:
        return Result(TOOK_TOO_LONG, err=f"{words[0]} did not answer within {PATIENCE_S:g} s")
    except OSError as error:
        return Result(NOT_INSTALLED, err=f"{words[0]}: {error.strerror}")
    return Result(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Host:
    """A view of a system. Names of files are those of the system, wherever its root is."""

    root: Path = Path("/")
    run: Run = run_command
    access: Callable[[Path, int], bool] = os.access
    statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
    now: Callable[[], float] = time.time
    gpio: Gpio = field(default_factory=KernelGpio)
    python: tuple[int, int] = sys.version_info[:2]
    bits: int = 64 if sys.maxsize > 2**32 else 32
    """Of this Python: a 64-bit kernel may well run 32-bit programs."""

    def path(self, name: str) -> Path:
        """Where a file of the system is for us."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str | None:
        """A small file without the zeros that may end it; None: it is not there, or not for us."""
        try:
            return self.path(name).read_text("utf-8", "replace").strip("\0\n ")
        except OSError:
            return None

    def lines(self, name: str) -> list[str]:
        """The lines of a file; one that is not there has none."""
        return (self.text(name) or "").splitlines()

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return os.path.lexists(self.path(name))

    def usable(self, name: str) -> bool:
        """Whether this process may read and write it."""
        return self.access(self.path(name), os.R_OK | os.W_OK)

    def glob(self, pattern: str) -> list[str]:
        """Names of the files that fit a pattern, sorted."""
        found = glob.glob(pattern.lstrip("/"), root_dir=self.root)
        return sorted(f"/{name}" for name in found)

    def link(self, name: str) -> str:
        """Where a link points to, as it is written; empty: it is none."""
        try:
            return os.readlink(self.path(name))
        except OSError:
            return ""

    @property
    def model(self) -> str:
        """Which Raspberry Pi it is; empty: it is none."""
        model = self.text("/proc/device-tree/model") or ""
        return model if model.startswith("Raspberry Pi") else ""
