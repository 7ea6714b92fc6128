"""Whether this computer is a module on which versions can be changed."""

import os
from pathlib import Path

from ddsp_pi.errors import ConfigError
from ddsp_pi.places import SERVICE, UNITS
from ddsp_pi.service.systemd import BOOTED


def check_changeable(verb: str, user: int | None = None, booted: Path = BOOTED, units: Path = UNITS) -> None:
    """Raise ConfigError, with what to do, unless this is a module that was set up, and we are root.

    Args:
        verb: what was asked for, as typed after `ddsp-pi`.
        user: number of the user; None: the one who runs this.
    """
    if not booted.is_dir():
        raise ConfigError("systemd does not run this system; install a new version with pip instead")
    if not (units / SERVICE).exists():
        raise ConfigError(f"{SERVICE} is not set up on this system; first: sudo ddsp-pi setup")
    if (os.geteuid() if user is None else user) != 0:
        raise ConfigError(f"only root may change what is installed: sudo ddsp-pi {verb}")
