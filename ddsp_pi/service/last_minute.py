"""The last minute of a module that runs as a service, a line for each second: its form."""

from pathlib import Path

import msgspec

LINES = 60
NAME = "telemetry.jsonl"
SYSTEM_FOLDER = Path("/run/ddsp_pi")
"""Where the service of this system keeps it."""


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


def last_minute(folder: Path) -> list[Line]:
    """The lines that are there, oldest first; none where nothing runs as a service."""
    try:
        rows = (folder / NAME).read_bytes().splitlines()
    except OSError:
        return []
    return [msgspec.json.decode(row, type=Line) for row in rows]
