"""Files that appear whole or not at all, whatever happens meanwhile; and files as they are seen."""

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from ddsp_pi.errors import DdspPiError
from ddsp_pi.places import SYSTEM_DATA, SYSTEM_FILE

SHARED_FILE = 0o664
SHARED_FOLDER = 0o775
"""Nobody but the owner and the group ever writes."""

UNFINISHED = ".part"


class Sight(NamedTuple):
    """A file as it was seen; a new version differs in at least one of these."""

    path: Path
    modified_ns: int
    size: int
    inode: int


def sight(path: Path) -> Sight:
    """Look at a file.

    Raises:
        OSError: it is not there, or not for us.
    """
    state = path.stat()
    return Sight(path, state.st_mtime_ns, state.st_size, state.st_ino)


def listed(folder: Path, suffix: str) -> list[Path]:
    """What a folder has with an ending, in the order of names; nothing, if it may not be read.

    Hidden files are left out, as those are that are being written.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [folder / name for name in names if name.endswith(suffix) and not name.startswith(".")]


@contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """A file to write that takes its place under `path` at the end of the block.

    It is written beside its place and reaches the disk before it is renamed, and so does the name: once
    the block has ended no power cut takes it back. An error in the block leaves what was there before.
    Who may read and write the file stays as it was. What a power cut has left unfinished in that
    folder is cleared away.

    Raises:
        OSError: it cannot be written; the message says why, that nothing has changed, and what to do.
    """
    # The number of a thread is like a process's, and no two that live have the same one.
    unfinished = path.with_name(f".{path.name}.{threading.get_native_id()}{UNFINISHED}")
    try:
        make_folder(path.parent)
        _sweep(path.parent)
        try:
            with _begun(unfinished, path, mode) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                # While it is still locked: nobody sweeps it away just now.
                unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        settle_folder(path.parent)
    except OSError as error:
        if isinstance(error, DdspPiError) or not _is_ours(error, path, unfinished):
            raise
        raise _told(error, path) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is whole at every moment: the old one or the new.

    Raises:
        OSError: see `replacing`.
    """
    with replacing(path, "w" if isinstance(content, str) else "wb") as file:
        file.write(content)


def remove(path: Path) -> None:
    """Delete a file for good.

    Raises:
        OSError: it cannot be.
    """
    path.unlink()
    settle_folder(path.parent)


def make_folder(folder: Path) -> None:
    """A folder and those above it, if they are not there; inside a shared one it is shared as well.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(SHARED_FOLDER)
        if _is_shared(folder.parent):
            folder.chmod(folder.parent.stat().st_mode & (stat.S_ISGID | SHARED_FOLDER))
        settle_folder(folder.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def settle_folder(folder: Path) -> None:
    """See to it that names in a folder survive a power cut, as far as its file system can.

    Raises:
        OSError: the disk does not take them.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems, mostly of networks, know no such thing.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


@contextmanager
def _begun(unfinished: Path, path: Path, mode: str) -> Iterator[IO[Any]]:
    """A file to write, for who may write the one that it replaces."""
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "")
    with open(unfinished, mode, encoding=encoding, newline=newline, opener=_locked) as file:
        _as_before(file.fileno(), path)
        yield file


def _locked(name: str, flags: int) -> int:
    """Opens a file that is locked while it is open, so that nobody takes it for a leftover."""
    path = Path(name)
    while True:
        handle = os.open(path, flags, SHARED_FILE)
        # A file system without locks is no reason not to write; there nothing is swept either.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        # Somebody has swept it before it was locked.
        os.close(handle)


def _as_before(handle: int, path: Path) -> None:
    """Owner and mode of the file that is replaced; of a new one in a shared folder, those of the folder."""
    try:
        before = path.stat()
    except OSError:
        if _is_shared(path.parent):
            os.fchmod(handle, SHARED_FILE)
        return
    for owner in (before.st_uid, -1):
        with suppress(OSError):
            os.fchown(handle, owner, before.st_gid)
            break
    with suppress(OSError):
        os.fchmod(handle, stat.S_IMODE(before.st_mode) & ~stat.S_IWOTH)


def _is_shared(folder: Path) -> bool:
    """Whether what is made in a folder is for its group."""
    return bool(folder.stat().st_mode & stat.S_ISGID)


def _sweep(folder: Path) -> None:
    """Delete what writers that have died left in a folder; one that still writes holds a lock."""
    for left in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _is_ours(error: OSError, path: Path, unfinished: Path) -> bool:
    """Whether an error is about this file; those of other files in the block are not."""
    ours = {None, str(path), str(unfinished), *map(str, path.parents)}
    return error.errno is not None and error.filename in ours


def _told(error: OSError, path: Path) -> OSError:
    """The same kind of error, in words for who wanted to write."""
    remedy = _REMEDIES.get(error.errno or 0, _other)(path.parent)
    what = f"{path}: {error.strerror}; it was not written, what was there before still is"
    told = type(error)(f"{what}. {remedy}" if remedy else what)
    told.errno = error.errno
    return told


def _no_room(folder: Path) -> str:
    return f"Make room there: 'df -h {folder}' says how much there is"


def _read_only(folder: Path) -> str:
    return f"The disk of {folder} is read-only: make it writable, or name another folder in DDSP_PI_DATA"


def _not_yours(folder: Path) -> str:
    if folder.is_relative_to(SYSTEM_DATA):
        return (
            "You are not in the group ddsp-pi yet: log out and in after 'sudo ddsp-pi setup', "
            "or write sudo in front"
        )
    if folder == SYSTEM_FILE.parent:
        return "It belongs to the system: write sudo in front"
    return f"You may not write in {folder}: choose another folder, or ask who owns it"


def _other(folder: Path) -> str:
    return ""


_REMEDIES = {
    errno.ENOSPC: _no_room,
    errno.EDQUOT: _no_room,
    errno.EFBIG: _no_room,
    errno.EROFS: _read_only,
    errno.EACCES: _not_yours,
    errno.EPERM: _not_yours,
}
