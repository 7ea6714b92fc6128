"""The test's end of tests/power/stage.py."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """What was there after a cut."""

    died: bool
    faults: list[str]
    seen: list[str]


class Cutting:
    """Asks for cuts, one after the other."""

    def __init__(self, folder: Path, shim: Path, instruments: Path) -> None:
        environment = {**os.environ, "LD_PRELOAD": str(shim), "POWER_INSTRUMENTS": str(instruments)}
        command = [sys.executable, "-m", "tests.power.stage", str(folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __enter__(self) -> "Cutting":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=60)

    def cut(self, writer: str, call: int, seed: int) -> Found:
        """The power of a writer goes at a call; 0: after it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([writer, call, seed]) + "\n")
        self._process.stdin.flush()
        return Found(**json.loads(self._process.stdout.readline()))

    def every(self, writer: str) -> list[Found]:
        """A cut at every call there is, and one after the last."""
        found = [self.cut(writer, 0, 0)]
        while len(found) == 1 or found[-1].died:
            found.append(self.cut(writer, len(found), len(found)))
        return found
