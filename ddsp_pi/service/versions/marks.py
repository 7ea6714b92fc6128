"""What is written beside an installed version: that it is whole, or why it was not kept."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from ddsp_pi.files import settle_folder, write_whole


class Complete(msgspec.Struct, frozen=True):
    """The file `complete`, written last: the version is whole."""

    version: str
    wheel: str
    when: float
    """Unix time."""
    size: int
    """Bytes."""
    extras: list[str]


class Refusal(msgspec.Struct, frozen=True):
    """The file `refused`: it was tried and did not do."""

    reason: str
    when: float
    """Unix time."""


class Release(msgspec.Struct, frozen=True):
    """An installed version."""

    name: str
    complete: Complete
    refusal: Refusal | None = None


def is_whole(folder: Path) -> bool:
    """Whether an installation came to its end."""
    return (folder / "complete").is_file()


def read_release(folder: Path) -> Release:
    """What is written beside a whole version."""
    complete = msgspec.json.decode((folder / "complete").read_bytes(), type=Complete)
    refusal = None
    with suppress(OSError, msgspec.DecodeError):
        refusal = msgspec.json.decode((folder / "refused").read_bytes(), type=Refusal)
    return Release(folder.name, complete, refusal)


def mark_complete(folder: Path, complete: Complete) -> None:
    """Say that a version is whole, once all of it has reached the disk."""
    size = sum(path.lstat().st_size for path in folder.rglob("*"))
    os.sync()
    _write(folder / "complete", msgspec.structs.replace(complete, size=size))
    settle_folder(folder.parent)


def mark_refused(folder: Path, refusal: Refusal) -> None:
    """Remember why a version was not kept."""
    _write(folder / "refused", refusal)


def unmark(folder: Path, mark: str) -> None:
    """Take a mark away, if it is there."""
    (folder / mark).unlink(missing_ok=True)
    settle_folder(folder)


def _write(path: Path, content: msgspec.Struct) -> None:
    write_whole(path, msgspec.json.encode(content) + b"\n")
