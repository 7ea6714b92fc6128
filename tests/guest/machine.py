"""The guest itself: its disk made from the root, and one run of it from start to power-off."""

import shutil
from pathlib import Path

from tests.arm64.shell import Shell
from tests.guest.kept import Kept, key_of
from tests.guest.root import Root

DISK_BYTES = 3_000_000_000
"""Sparse: the file takes what is in it."""

RESULTS_BYTES = 64_000_000

LIMIT_S = 3600
"""A guest that has not come to its end by then hangs: its tests end sooner, by its own clock."""

WORDS = (
    "root=/dev/vda rw console=ttyS0 panic=-1 quiet cryptomgr.notests",
    "systemd.wants=guest-tests.service",
    *(f"systemd.mask={unit}" for unit in ("serial-getty@ttyS0.service", "getty.target", "timers.target")),
)
"""Of the kernel's command line. A kernel that panics restarts, and that is the end, too."""

HARDWARE = (
    *("-M", "q35", "-accel", "tcg", "-icount", "shift=0,sleep=on", "-cpu", "max", "-m", "2048"),
    *("-nodefaults", "-vga", "none", "-display", "none", "-serial", "stdio", "-no-reboot"),
    *("-device", "virtio-rng-pci"),
)
"""The guest's clock counts instructions, a nanosecond each: it is a machine of one speed, and what else
this one has to do takes nothing from it but patience."""


class Machine:
    """A disk with the root on it, and what starts from it."""

    def __init__(self, work: Path, root: Root, shell: Shell, kept: Kept) -> None:
        self.results = work / "results"
        self._root, self._shell, self._kept = root, shell, kept
        self._disk, self._kernel, self._initrd = work / "disk.img", work / "vmlinuz", work / "initrd.img"

    def make(self) -> None:
        """The disk and what boots from it, unless they are there and from this root."""
        key = key_of(DISK_BYTES, *map(self._kept.key, ("root", "modules", "needs")))
        self._kept.once("disk", key, self._make, also=(self._disk, self._kernel, self._initrd))

    def _make(self) -> None:
        boot = self._root.path / "boot"
        for pattern, copy in (("vmlinuz-*", self._kernel), ("initrd.img-*", self._initrd)):
            shutil.copy(next(boot.glob(pattern)), copy)
        self._disk.unlink(missing_ok=True)
        plain = ("-q", "-O", "^has_journal", "-d", self._root.path)
        self._shell.run("mkfs.ext4", *plain, self._disk, f"{DISK_BYTES // 1024}k")

    def run(self) -> None:
        """Start it with the project beside its disk, wait for its end, and unpack what it says.

        Raises:
            StepError: it did not come to an end in time.
        """
        answer = self._root.share / "results.tar"
        answer.unlink(missing_ok=True)
        shutil.rmtree(self.results, ignore_errors=True)
        with answer.open("wb") as file:
            file.truncate(RESULTS_BYTES)
        boot = ("-kernel", self._kernel, "-initrd", self._initrd, "-append", " ".join(WORDS))
        disks = (_drive(self._disk, "snapshot=on"), _drive(self._root.share / "project.tar"), _drive(answer))
        in_time = ("timeout", "--kill-after=10", LIMIT_S)
        self._shell.run(*in_time, "qemu-system-x86_64", *HARDWARE, *boot, *(w for d in disks for w in d))
        self.results.mkdir()
        self._shell.run("tar", "-C", self.results, "-xf", answer)


def _drive(path: Path, *more: str) -> tuple[str, str]:
    return "-drive", ",".join((f"file={path}", "if=virtio", "format=raw", *more))
