"""A system that may be changed: its files under a root folder, and commands that change things."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.errors import ConfigError
from ddsp_pi.files import replacing
from ddsp_pi.service.host import NOT_INSTALLED, Host, Result

Do = Callable[[str], Result]

_QUIET = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def do_command(shell: str) -> Result:
    """Run a command to its end, however long it takes: one that is broken off leaves half a system."""
    try:
        # Of a session of its own, so that Ctrl-C is ours alone.
        done = subprocess.run(
            ("sh", "-c", shell),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | _QUIET,
            start_new_session=True,
        )
    except OSError as error:
        return Result(NOT_INSTALLED, err=f"sh: {error.strerror}")
    return Result(done.returncode, done.stdout)


@dataclass(frozen=True, slots=True)
class Hands:
    """Changes files of a system so that they are whole at any moment, and runs its commands."""

    host: Host
    do: Do = do_command

    def read(self, name: str) -> bytes | None:
        """What a file has in it, to the byte; None: it is not there.

        Raises:
            OSError: it cannot be read.
        """
        try:
            return self.host.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Put a file there; one that is replaced keeps its mode and its owner.

        Raises:
            OSError: it cannot be written; what was there before is still there.
        """
        path = self.host.path(name)
        if path.is_symlink():
            raise OSError(f"{name} is a link to {path.readlink()}: change that yourself, or put a file there")
        old = path.stat() if path.exists() else None
        with replacing(path) as file:
            file.write(data)
            os.fchmod(file.fileno(), mode if old is None else old.st_mode & 0o7777)
            if old is not None:
                # The firmware's partition has no owners.
                with suppress(OSError):
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
        _settle(path.parent)

    def remove(self, name: str) -> None:
        """Take a file or a link away, if it is there."""
        path = self.host.path(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _settle(path.parent)

    def make_link(self, name: str, to: str) -> None:
        """Put a link there, in one step."""
        path = self.host.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(to)
        unfinished.replace(path)
        _settle(path.parent)

    def make_folder(self, name: str) -> None:
        """A folder that all may look into, whatever the mask of who calls."""
        path = self.host.path(name)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)

    def missing_folders(self, name: str) -> list[str]:
        """The folders above a file that are not there, outermost first."""
        above = [str(folder) for folder in Path(name).parents if not self.host.exists(str(folder))]
        return above[::-1]


def need_lasting(host: Host) -> None:
    """Refuse a system that forgets at the next start what is changed in it now.

    Raises:
        ConfigError: it is read-only, or the card is under an overlay in memory.
    """
    if host.statvfs(host.path("/etc")).f_flag & os.ST_RDONLY:
        raise ConfigError("the system is read-only; first: sudo mount -o remount,rw /")
    roots = [line.split() for line in host.lines("/proc/mounts") if line.split()[1:2] == ["/"]]
    if host.model and any(row[2] == "overlay" for row in roots):
        raise ConfigError(
            "the card is protected by an overlay: what is changed now is gone at the next start; first: "
            "sudo raspi-config nonint disable_overlayfs, and sudo reboot"
        )


def _settle(folder: Path) -> None:
    """A name reaches the disk with its folder only."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
