"""The guest's Debian as a folder: made once, entered to build and to install in."""

import shutil
from pathlib import Path

from tests.arm64 import host
from tests.arm64.root import hand_on, inner_variables
from tests.arm64.shell import Shell
from tests.guest.kept import Kept, key_of

SUITE = "bookworm"
KERNEL_SOURCE = "linux-source-6.1"
"""The suite's own."""

PACKAGES = (
    *("linux-image-amd64", "initramfs-tools", "systemd-sysv", "udev", "kmod", "procps"),
    *("python3", "python3-venv", "ca-certificates", "libportaudio2", "alsa-utils"),
    *("gcc", "libc6-dev", "python3-dev", "make", "linux-headers-amd64", "xz-utils"),
)
"""What the guest starts with, what a musician's Pi has, and what kernel modules and wheels are built with."""

FILES = Path(__file__).with_name("files")
"""Laid over the root before anything is installed."""

ENTER = Path(__file__).with_name("enter.sh")


class Root:
    """The folder of the system and what is done in it."""

    def __init__(self, work: Path, shell: Shell, kept: Kept) -> None:
        self.path, self.share = work / "root", work / "share"
        """`share` is /mnt inside, and no part of the root."""
        self._work, self._shell, self._kept = work, shell, kept

    def make(self) -> None:
        """Put the system together, unless it is there."""
        key = key_of(SUITE, PACKAGES, *sorted(filter(Path.is_file, FILES.rglob("*"))))
        self._kept.once("root", key, self._make, also=[self.path])

    def _make(self) -> None:
        # Nothing is mounted in it outside of `enter`, so nothing but the root itself is removed.
        shutil.rmtree(self.path, ignore_errors=True)
        what = ("--arch=amd64", "--variant=minbase", SUITE)
        self._shell.run("debootstrap", *what, self.path, *host.mirror(SUITE))
        shutil.copytree(FILES, self.path, dirs_exist_ok=True)
        hand_on(self.path)
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        self.enter("apt-get", "update", "-q", **quiet)
        self.enter("apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES, **quiet)
        # The packages bring some of these files, too.
        hand_on(self.path)

    def enter(self, *command: object, **variables: str) -> str:
        """Run a command inside, with /proc and /dev mounted as long as it lasts; returns its last line."""
        self.share.mkdir(parents=True, exist_ok=True)
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        environment = inner_variables() | {"PIP_CACHE_DIR": "/mnt/downloads"} | variables
        return self._shell.run(*apart, ENTER, self.path, self.share, *command, env=environment)
