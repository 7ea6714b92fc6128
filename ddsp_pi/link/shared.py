"""The link: the block of shared memory between supervisor, engine and control."""

import fcntl
import itertools
import mmap
import os
import struct

from ddsp_pi.errors import LinkError
from ddsp_pi.link.latest import Latest
from ddsp_pi.link.ring import Ring

_MAGIC = b"ddsplink"
VERSION = 3
"""Of the layout and of everything encoded in it; raise it with any change."""

_HEADER = struct.Struct("8sII")
"""Magic, version, size of the block in bytes."""

_NO_LINK = "this is no link; the engine and control are started by ddsp-pi run, not by hand"

_LINE = 64
"""Bytes of a cache line; each part begins on one of its own."""

_SIZES = {
    "frame": Latest.size(512),
    "telemetry": Latest.size(4096),
    "edits": Ring.size(256),
    "said": Ring.size(64),
}
"""The parts in their order, with their size in bytes."""


class Link:
    """What the processes share. Make one with `create`, join it with `attach`.

    The memory belongs to no file, so nothing can be left behind: it is gone with the last process
    that holds `fd`. Every part but the telemetry has one reader; all have one writer.
    """

    def __init__(self, fd: int, block: mmap.mmap) -> None:
        self.fd = fd
        """For `pass_fds`: a child has it under the same number."""
        self._block = block
        self._memory = memoryview(block)
        self.frame = Latest(self._part("frame"))
        """What the rack says now, control → engine, packed by `ddsp_pi.link.volts`."""
        self.telemetry = Latest(self._part("telemetry"))
        """What the engine says about itself, engine → control and supervisor; also its heartbeat."""
        self.edits = Ring(self._part("edits"))
        """What is to change, control → engine, encoded by `ddsp_pi.link.edits`."""
        self.said = Ring(self._part("said"))
        """Lines for the log, engine → control, encoded by `ddsp_pi.link.edits`."""

    def close(self) -> None:
        """Leave the link; the others keep it."""
        for part in (self.frame, self.telemetry, self.edits, self.said):
            part.close()
        self._memory.release()
        self._block.close()
        os.close(self.fd)

    def _part(self, name: str) -> memoryview:
        before = itertools.takewhile(lambda other: other != name, _SIZES)
        begin = _LINE + sum(_lines(_SIZES[other]) for other in before)
        return self._memory[begin : begin + _SIZES[name]]


def create() -> Link:
    """A new, empty link."""
    fd = os.memfd_create("ddsp-pi-link", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, _size())
    # Memory cut off under a reader would end it with SIGBUS.
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    block = mmap.mmap(fd, _size())
    _HEADER.pack_into(block, 0, _MAGIC, VERSION, _size())
    return Link(fd, block)


def attach(fd: int) -> Link:
    """Join the link that a supervisor created, by its inherited file descriptor; takes the descriptor over.

    Raises:
        LinkError: the descriptor is not open, is no link, or is one of another version.
    """
    try:
        head = os.pread(fd, _HEADER.size, 0)
        size = os.fstat(fd).st_size
    except OSError as error:
        raise LinkError(f"descriptor {fd}: {error.strerror}; {_NO_LINK}") from error
    _check(fd, head, size)
    return Link(fd, mmap.mmap(fd, size))


def _check(fd: int, head: bytes, size: int) -> None:
    if len(head) < _HEADER.size or not head.startswith(_MAGIC):
        raise LinkError(f"descriptor {fd}: {_NO_LINK}")
    _, version, announced = _HEADER.unpack(head)
    if (version, announced, size) != (VERSION, _size(), _size()):
        raise LinkError(
            f"the link is of version {version} with {announced} bytes, this is for version {VERSION} with "
            f"{_size()}: ddsp-pi was changed while it ran; start it again"
        )


def _size() -> int:
    return _LINE + sum(_lines(size) for size in _SIZES.values())


def _lines(size: int) -> int:
    """The size in bytes, rounded up to whole cache lines."""
    return -(-size // _LINE) * _LINE
