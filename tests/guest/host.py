"""What the machine that runs all this must have: programs, and the right to make another system."""

import os
import platform

PACKAGES = {
    "debootstrap": "debootstrap",
    "qemu-system-x86_64": "qemu-system-x86",
    "mkfs.ext4": "e2fsprogs",
    "git": "git",
}
"""A command, and the Debian package that brings it."""


def refusal() -> str:
    """Why it cannot be done here, and what helps; empty: it can."""
    if platform.machine() != "x86_64":
        return f"the guest is made with programs of an x86-64 machine, and this is {platform.machine()}"
    if os.geteuid() != 0:
        return "another system's root can only be made and entered by root: sudo make guest"
    return ""
