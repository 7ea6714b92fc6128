"""What the machine that runs all this must have: programs, and a kernel that starts aarch64 programs."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.arm64.shell import Shell, StepError

PACKAGES = {
    "debootstrap": "debootstrap",
    "qemu-aarch64-static": "qemu-user-static",
    "qemu-aarch64": "qemu-user",
    "update-binfmts": "binfmt-support",
    "gcc": "gcc",
    "git": "git",
}
"""A command, and the Debian package that brings it."""

FORMATS = Path("/proc/sys/fs/binfmt_misc")


def prepare(shell: Shell) -> None:
    """Install what is missing and let the kernel start aarch64 programs.

    Raises:
        StepError: with the command that helps.
    """
    if os.geteuid() != 0:
        raise StepError("another system's root can only be made and entered by root: sudo make arm64")
    install_missing(shell, PACKAGES)
    if platform.machine() != "aarch64":
        _enable_format(shell)


def install_missing(shell: Shell, packages: Mapping[str, str]) -> None:
    """Install what is not there, of packages by the commands that they bring.

    Raises:
        StepError: with the command that helps.
    """
    missing = [package for command, package in packages.items() if shutil.which(command) is None]
    if missing:
        _install(shell, missing)


def _install(shell: Shell, packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise StepError(f"not a Debian system; install what is there called: {' '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    shell.run("apt-get", "update", "-q", env=quiet)
    shell.run("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages, env=quiet)


def _enable_format(shell: Shell) -> None:
    if not (FORMATS / "register").exists():
        shell.run("mount", "-t", "binfmt_misc", "binfmt_misc", FORMATS)
    row = FORMATS / "qemu-aarch64"
    if not row.exists():
        shell.run("update-binfmts", "--enable", "qemu-aarch64")
    # Without F the interpreter would have to exist inside the root.
    if not row.exists() or "F" not in row.read_text().split("flags:")[1].splitlines()[0]:
        raise StepError(
            f"the kernel does not start aarch64 programs ({row}); try: apt-get install --reinstall "
            "qemu-user-static binfmt-support"
        )


def mirror(suite: str) -> list[str]:
    """Where this machine gets the suite from, for debootstrap; [] leaves it to debootstrap."""
    rows = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"]
    try:
        known = subprocess.run(rows, capture_output=True, text=True).stdout.splitlines()
    except FileNotFoundError:
        return []
    return [uri for uri, _, rest in (row.partition(" ") for row in known) if rest == f"{suite} main"][:1]
