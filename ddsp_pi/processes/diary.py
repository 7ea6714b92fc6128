"""Keeps the last minute of a module that runs as a service, for whoever judges or reports it."""

import os
import time
from collections import deque
from pathlib import Path

import msgspec

from ddsp_pi import __version__
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.processes.launch import Launch, Status
from ddsp_pi.service.last_minute import LINES, NAME, Line


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
