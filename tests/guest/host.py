"""What the machine that runs all this must have: programs, and the right to make another system."""

import os
import platform
import shutil

from tests.arm64.host import install
from tests.arm64.shell import Shell, StepError

PACKAGES = {
    "debootstrap": "debootstrap",
    "qemu-system-x86_64": "qemu-system-x86",
    "mkfs.ext4": "e2fsprogs",
    "git": "git",
}
"""A command, and the Debian package that brings it."""


def prepare(shell: Shell) -> None:
    """Install what is missing.

    Raises:
        StepError: with the command that helps.
    """
    if platform.machine() != "x86_64":
        raise StepError(
            f"the guest is made with this machine's own programs: x86-64, not {platform.machine()}"
        )
    if os.geteuid() != 0:
        raise StepError("another system's root can only be made and entered by root: sudo make guest")
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    if missing:
        install(shell, missing)
