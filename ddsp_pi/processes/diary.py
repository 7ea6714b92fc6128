"""The last minute of a module that runs as a service, a line a second, for whoever judges or reports it."""

import os
import time
from collections import deque
from pathlib import Path

import msgspec

from ddsp_pi import __version__
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.processes.launch import Launch, Status

LINES = 60
NAME = "telemetry.jsonl"


class Line(msgspec.Struct, frozen=True):
    """How it was in one second."""

    time_s: float
    """Of the day, as `time.time` has it."""
    version: str
    mode: str
    """settings, last good or safe: which settings play."""
    trouble: str
    playing: bool
    instrument: str
    load: float
    worst_load: float
    xruns: int
    """Since the engine began."""
    engine: int
    """Process id."""
    control: int


class Diary:
    """Keeps the last lines in a file that is always whole."""

    def __init__(self, file: Path, launch: Launch) -> None:
        """The file is in memory, as a service's runtime folder is: it is written every second."""
        self._file, self._launch = file, launch
        self._lines: deque[bytes] = deque(maxlen=LINES)

    def write(self, status: Status | None) -> None:
        """One more line; what cannot be written is not worth a word."""
        if status is None:
            return
        self._lines.append(msgspec.json.encode(self._line(status)))
        part = self._file.with_name(f".{NAME}.part")
        try:
            part.write_bytes(b"\n".join(self._lines) + b"\n")
            part.replace(self._file)
        except OSError:
            return

    def _line(self, status: Status) -> Line:
        launch, known = self._launch, msgspec.msgpack.decode(status.telemetry, type=Telemetry)
        mode = "safe" if launch.safe else "last good" if launch.trouble else "settings"
        return Line(
            time.time(),
            __version__,
            mode,
            launch.trouble,
            status.playing,
            Path(status.instrument).stem,
            known.load,
            known.worst_load,
            known.xruns,
            status.engine,
            os.getpid(),
        )


def last_minute(folder: Path) -> list[Line]:
    """The lines that are there, oldest first; none where nothing runs as a service."""
    try:
        rows = (folder / NAME).read_bytes().splitlines()
    except OSError:
        return []
    return [msgspec.json.decode(row, type=Line) for row in rows]
