"""What a disk may hold when the power goes: worked out from the diary of a writer.

A file system promises little. What was written to a file is there for certain once the file was
synchronised; that it has its name, once the folder was. Until then each may be there or not, and of
what was written any part, with old bytes or zeros in between. Changes of one folder come in order.
"""

import itertools
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROW = struct.Struct("iiqqqq")
SECTOR = 512


class Row(NamedTuple):
    """What was done; the order of the kinds is that of cut_shim.c."""

    kind: str
    folder: bool
    inode: int
    offset: int
    first: bytes
    second: str


KINDS = ("made", "wrote", "cut_to", "synced", "renamed", "removed", "new_folder")


def rows(diary: Path) -> Iterator[Row]:
    """A diary, as far as it was written."""
    data, place = diary.read_bytes(), 0
    while place + ROW.size <= len(data):
        kind, folder, inode, offset, first, second = ROW.unpack_from(data, place)
        place += ROW.size
        texts = data[place : place + first], data[place + first : place + first + second].decode()
        place += first + second
        yield Row(KINDS[kind], bool(folder), inode, offset, *texts)


class Disk:
    """The files of one folder: as they are for who reads them now, and what of that is certain."""

    def __init__(self, root: Path) -> None:
        """Everything that is there now is certain."""
        self.root = root.resolve()
        self._numbers = itertools.count()
        self._files: dict[int, int] = {}
        """Numbers of ours by inode, for a file system gives the inode of one that is gone to the next."""
        files = {path: self._file(path.stat().st_ino) for path in self._all() if path.is_file()}
        self.folders = {path for path in self._all() if path.is_dir()}
        self.names = dict(files)
        self.contents = {inode: path.read_bytes() for path, inode in files.items()}
        self.certain = dict(self.contents)
        self._certain_names, self._certain_folders = dict(files), set(self.folders)
        self._waiting: dict[Path, list[Callable[[dict, set], None]]] = {}
        """Changes of each folder that was not synchronised since."""

    def follow(self, diary: Path) -> None:
        """Take what was done."""
        for row in rows(diary):
            if row.kind == "made":
                self._files.pop(row.inode, None)
            getattr(self, f"_{row.kind}")(row._replace(inode=self._file(row.inode)))

    def lose_power(self, chance: random.Random) -> None:
        """Leave in the folder what the disk may hold."""
        names, folders = dict(self._certain_names), set(self._certain_folders)
        for waiting in self._waiting.values():
            for change in waiting[: chance.randint(0, len(waiting))]:
                change(names, folders)
        contents = {inode: self._held(inode, chance) for inode in sorted(set(names.values()))}
        shutil.rmtree(self.root)
        self.root.mkdir()
        for folder in sorted(folders):
            if folder.parent in folders or folder.parent == self.root:
                folder.mkdir(exist_ok=True)
        for path, inode in names.items():
            if path.parent.is_dir():
                path.write_bytes(contents[inode])

    def is_as_followed(self) -> bool:
        """Whether the folder holds what the diary says: no call has been overlooked."""
        found = {path: path.read_bytes() for path in self._all() if path.is_file()}
        return found == {path: self.contents[inode] for path, inode in self.names.items()}

    def _held(self, inode: int, chance: random.Random) -> bytes:
        """What may be in a file."""
        now, certain = self.contents[inode], self.certain.get(inode, b"")
        if now == certain:
            return now
        return chance.choice(
            (
                now,
                certain,
                b"",
                now[: chance.randint(0, len(now))],
                bytes(len(now)),
                b"".join(_sector(now, certain, at, chance) for at in range(0, len(now), SECTOR)),
            )
        )

    def _file(self, inode: int) -> int:
        return self._files.setdefault(inode, next(self._numbers))

    def _all(self) -> list[Path]:
        return sorted(self.root.rglob("*"))

    def _change(self, path: Path, change: Callable[[dict, set], None]) -> None:
        change(self.names, self.folders)
        self._waiting.setdefault(path.parent, []).append(change)

    def _made(self, row: Row) -> None:
        path = Path(row.first.decode())
        self.contents[row.inode], self.certain[row.inode] = b"", b""
        self._change(path, lambda names, folders: names.update({path: row.inode}))

    def _wrote(self, row: Row) -> None:
        old = self.contents[row.inode].ljust(row.offset, b"\0")
        self.contents[row.inode] = old[: row.offset] + row.first + old[row.offset + len(row.first) :]

    def _cut_to(self, row: Row) -> None:
        self.contents[row.inode] = self.contents[row.inode][: row.offset].ljust(row.offset, b"\0")

    def _synced(self, row: Row) -> None:
        if not row.folder:
            self.certain[row.inode] = self.contents[row.inode]
            return
        for change in self._waiting.pop(Path(row.first.decode()), ()):
            change(self._certain_names, self._certain_folders)

    def _renamed(self, row: Row) -> None:
        old, new = Path(row.first.decode()), Path(row.second)

        def rename(names: dict, folders: set) -> None:
            if old in names:
                names[new] = names.pop(old)

        self._change(new, rename)

    def _removed(self, row: Row) -> None:
        path = Path(row.first.decode())
        self._change(path, lambda names, folders: names.pop(path, None))

    def _new_folder(self, row: Row) -> None:
        path = Path(row.first.decode())
        self._change(path, lambda names, folders: folders.add(path))


def _sector(now: bytes, certain: bytes, at: int, chance: random.Random) -> bytes:
    """One sector as written, as it was before, or empty."""
    part = now[at : at + SECTOR]
    before = certain[at : at + len(part)].ljust(len(part), b"\0")
    return chance.choice((part, before, bytes(len(part))))
