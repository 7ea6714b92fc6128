"""The bare Debian that machines begin as: a folder, made once, with nothing of the project in it."""

import shutil
from pathlib import Path

from tests.arm64 import host
from tests.arm64.root import Root as Emulated
from tests.arm64.root import hand_on, inner_variables
from tests.arm64.shell import Shell
from tests.guest.kept import Kept, key_of
from tests.guest.root import ENTER

SUITE = "bookworm"

PACKAGES = (
    *("systemd-sysv", "dbus", "udev", "kmod", "procps", "iproute2", "sudo", "util-linux"),
    *("python3", "python3-venv", "python3-dev", "gcc", "libc6-dev", "ca-certificates"),
    *("libportaudio2", "alsa-utils", "jackd2", "jack-tools", "jack-capture", "puredata-core", "liblo-tools"),
)
"""What a musician's Pi has before ddsp-pi comes, and what listens to it."""

SLIM = Path(__file__).parents[1] / "guest/files/etc"

MASKED = ("getty.target", "console-getty.service", "timers.target", "systemd-networkd-wait-online.service")
"""Of no use in a container, or different at every boot."""


class Root:
    """The folder of the system, which machines lay their own changes over."""

    def __init__(self, work: Path, shell: Shell, kept: Kept, bare: Emulated | None = None) -> None:
        """`bare`: another architecture's, to begin with; None: this computer's own."""
        self.path, self.share = work / "root", work / "share"
        """`share` is /mnt while something is installed, and no part of the root."""
        self._shell, self._kept, self._bare = shell, kept, bare

    def make(self) -> None:
        """Put the system together, unless it is there."""
        key = key_of(SUITE, PACKAGES, MASKED, self._bare.tarball.name if self._bare else "amd64")
        self._kept.once("root", key, self._make, also=[self.path])

    def _make(self) -> None:
        # Nothing is mounted in it outside of `enter`, so nothing but the root itself is removed.
        shutil.rmtree(self.path, ignore_errors=True)
        self._unpack()
        for name in ("apt/apt.conf.d/slim", "dpkg/dpkg.cfg.d/slim"):
            shutil.copy(SLIM / name, self.path / "etc" / name)
        self._install()
        self._settle()

    def _unpack(self) -> None:
        if self._bare is not None:
            self._bare.make()
            self.path.mkdir(parents=True)
            self._shell.run("tar", "-C", self.path, "-xf", self._bare.tarball)
            return
        what = ("--variant=minbase", SUITE)
        self._shell.run("debootstrap", *what, self.path, *host.mirror(SUITE))

    def _install(self) -> None:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        hand_on(self.path)
        self.enter("apt-get", "update", "-q", **quiet)
        self.enter("apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES, **quiet)
        self.enter("apt-get", "clean")
        # The packages bring some of these files, too.
        hand_on(self.path)

    def _settle(self) -> None:
        """What would differ from boot to boot; and a journal that outlives a power cut."""
        self.enter("systemctl", "mask", *MASKED)
        self.enter("systemd-machine-id-setup")
        (self.path / "etc/hostname").write_text("module\n")
        (self.path / "var/log/journal").mkdir(exist_ok=True)

    def enter(self, *command: object, **variables: str) -> str:
        """Run a command inside, with /proc and /dev mounted as long as it lasts; returns its last line."""
        self.share.mkdir(parents=True, exist_ok=True)
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        environment = inner_variables() | {"PIP_CACHE_DIR": "/mnt/downloads"} | variables
        return self._shell.run(*apart, ENTER, self.path, self.share, *command, env=environment)
