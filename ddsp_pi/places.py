"""Where things are kept on a system: settings, the player's own, what may be forgotten, and the program."""

import os
from pathlib import Path

SYSTEM_FILE = Path("/etc/ddsp_pi/config.yaml")
"""The settings of a module."""

SYSTEM_DATA = Path("/var/lib/ddsp_pi")
"""Instruments, presets, calibration and state of a module; the only folder that must be writable."""

PROGRAM = Path("/opt/ddsp-pi")
"""The installed versions, a virtual environment each, and a link `current` to the one that plays."""

UNITS = Path("/etc/systemd/system")
LAUNCHER = Path("/usr/local/bin/ddsp-pi")
"""The command, for everybody on a module."""

SERVICE = "ddsp-pi.service"


def data_folder() -> Path:
    """Where this installation keeps things: $DDSP_PI_DATA, or the system's folder, or the user's own.

    On a system that has its folder that one counts, even for who may not write there: a second library
    of his own would be one that the module does not play.
    """
    named = os.environ.get("DDSP_PI_DATA")
    if named:
        return Path(named)
    return SYSTEM_DATA if SYSTEM_DATA.is_dir() else Path.home() / ".local" / "share" / "ddsp_pi"


def last_good_file() -> Path:
    """A copy of the settings with which the module last played for a while."""
    return data_folder() / "last-good.yaml"


def runtime_folder() -> Path | None:
    """Where a service keeps what a restart may forget: $RUNTIME_DIRECTORY, in memory; None: it is none."""
    named = os.environ.get("RUNTIME_DIRECTORY")
    return Path(named) if named else None
