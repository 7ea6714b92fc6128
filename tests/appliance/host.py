"""What the machine that runs all this must have: programs, and the right to boot another system."""

import os
import shutil

from tests.arm64.host import install
from tests.arm64.shell import Shell

PACKAGES = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "git": "git",
}
"""A command, and the Debian package that brings it."""


def refusal() -> str:
    """Why it cannot be done here, and what helps; empty: it can."""
    if os.geteuid() != 0:
        return "another system can only be made and booted by root: sudo make appliance"
    return ""


def prepare(shell: Shell) -> None:
    """Install what is missing.

    Raises:
        StepError: with the command that helps.
    """
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    if missing:
        install(shell, missing)
