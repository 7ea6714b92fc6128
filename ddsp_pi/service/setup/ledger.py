"""What setup did to a system, written down before it is done, so that all of it can be taken back."""

import os

import msgspec

from ddsp_pi.errors import ConfigError
from ddsp_pi.files import replacing
from ddsp_pi.places import SYSTEM_FILE
from ddsp_pi.service.host import Host

LEDGER = str(SYSTEM_FILE.with_name("setup.json"))
"""Beside the settings, where only root may write: what stands in it is run as root."""


class FileStep(msgspec.Struct, frozen=True, tag="file"):
    """A file that was written."""

    path: str
    before: bytes | None
    """None: it was not there."""
    after: bytes
    players: bool = False
    """Whether it is the player's since: changed by hand, it stays."""


class LinkStep(msgspec.Struct, frozen=True, tag="link"):
    """A link that was made."""

    path: str
    before: str
    """Empty: it was not there."""
    after: str


class FolderStep(msgspec.Struct, frozen=True, tag="folder"):
    """A folder that was made; it goes when it is empty."""

    path: str


class TreeStep(msgspec.Struct, frozen=True, tag="tree"):
    """A folder that goes with all that is in it."""

    path: str


class CommandStep(msgspec.Struct, frozen=True, tag="command"):
    """A command that was run."""

    shell: str
    undo: str
    done: bool = False
    """Whether it was seen to end well; else there may be nothing to take back."""


class PackagesStep(msgspec.Struct, frozen=True, tag="packages"):
    """Packages that were not there before."""

    names: tuple[str, ...]
    done: bool = False


Step = FileStep | LinkStep | FolderStep | TreeStep | CommandStep | PackagesStep


class _Book(msgspec.Struct, frozen=True):
    steps: list[Step] = []
    format: int = 1


class Ledger:
    """The steps so far, oldest first. Each change reaches the disk before it returns."""

    def __init__(self, host: Host) -> None:
        """Read what is there.

        Raises:
            ConfigError: it is damaged.
        """
        self._path = host.path(LEDGER)
        self.steps = _read(self._path.read_bytes()) if self._path.exists() else []

    def add(self, step: Step) -> None:
        """One more; the same twice is one."""
        if step not in self.steps:
            self._save([*self.steps, step])

    def replace(self, old: Step, new: Step) -> None:
        """More is known about one."""
        self._save([new if step == old else step for step in self.steps])

    def drop(self, step: Step) -> None:
        """One is taken back."""
        left = [each for each in self.steps if each is not step]
        if left:
            self._save(left)
        else:
            self.steps = []
            self._path.unlink(missing_ok=True)

    def _save(self, steps: list[Step]) -> None:
        with replacing(self._path) as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(msgspec.json.format(msgspec.json.encode(_Book(steps)), indent=1))
        self.steps = steps


def _read(data: bytes) -> list[Step]:
    try:
        return msgspec.json.decode(data, type=_Book).steps
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{LEDGER} is damaged ({error}): what setup did can no longer be taken back by itself; "
            "move the file away to set up again"
        ) from error
