"""What the machine that runs all this must have: programs, and the right to boot another system."""

import os

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
