"""An aarch64 Debian of its own: made once, kept as a tarball, unpacked afresh for every run."""

import hashlib
import os
import shutil
from pathlib import Path

from tests.arm64 import host, machine
from tests.arm64.shell import Shell

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "python3-dev", "ca-certificates", "gcc", "libc6-dev", "libportaudio2")
"""What a musician's Pi has before ddsp-pi comes, and the compiler that its kernel is built with."""

HANDED_ON = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
"""Files of the host by which the root reaches what the host reaches."""

PIP_FILES = (".config/pip/pip.conf", ".pip/pip.conf")
"""The same, in the home folder."""

ENTER = Path(__file__).with_name("enter.sh")

NAMED_FILES = ("PIP_CONFIG_FILE", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file which has to be there inside, too."""


class Root:
    """The folder of the system and what is done in it."""

    def __init__(self, work: Path, shell: Shell) -> None:
        self.path = work / "root"
        self._shell, self._work = shell, work
        key = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:8]
        self.tarball = work / f"{SUITE}-{key}.tar.gz"

    def make(self) -> None:
        """Put the bare system together, unless the tarball is there."""
        if self.tarball.exists():
            return
        new = self._work / "new"
        shutil.rmtree(new, ignore_errors=True)
        include = "--include=" + ",".join(PACKAGES)
        self._shell.run(
            *("debootstrap", "--arch=arm64", "--variant=minbase", include, SUITE, new), *host.mirror(SUITE)
        )
        shutil.rmtree(new / "var/cache/apt", ignore_errors=True)
        part = self.tarball.with_suffix(".part")
        self._shell.run("tar", "-C", new, "--use-compress-program=gzip -1", "-cf", part, ".")
        part.rename(self.tarball)
        shutil.rmtree(new)

    def unpack(self) -> None:
        """A fresh root, with the host's ways to the network."""
        # Nothing is mounted in it outside of `enter`, so nothing but the root itself is removed.
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        self._shell.run("tar", "-C", self.path, "-xf", self.tarball)
        machine.write(self.path)
        hand_on(self.path)

    def enter(self, *command: object, folder: str = "/", **variables: str) -> str:
        """Run a command inside, with /proc and /dev mounted as long as it lasts; returns its last line."""
        cpuinfo, downloads = self._work / "cpuinfo", self._work / "downloads"
        cpuinfo.write_text(machine.CPUINFO)
        downloads.mkdir(exist_ok=True)
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        places = (self.path, cpuinfo, downloads, folder)
        return self._shell.run(*apart, ENTER, *places, *command, env=inner_variables() | variables)


def hand_on(root: Path) -> None:
    """Give a root the host's ways to the network."""
    named = [os.environ[name] for name in NAMED_FILES if name in os.environ]
    copies = {Path(name): name.lstrip("/") for name in (*HANDED_ON, *named)}
    copies |= {Path.home() / name: f"root/{name}" for name in PIP_FILES}
    for source, place in copies.items():
        if source.is_file():
            target = root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def inner_variables() -> dict[str, str]:
    """What a command inside sees: a plain environment, and how the host reaches packages."""
    handed_on = {
        name: value
        for name, value in os.environ.items()
        if name in NAMED_FILES or name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    plain = {"HOME": "/root", "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    return handed_on | plain
