"""What a simulated MCP3208 measures, what is wrong with it and what was asked of it."""

import ctypes
import mmap
from enum import IntEnum


class Fault(IntEnum):
    NONE = 0
    DATA_HIGH = 1
    DATA_LOW = 2
    TRANSFER_FAILS = 3
    OPEN_FAILS = 4


class Bench(ctypes.Structure):
    """The mapped file, in the order of mcp3208_shim.c."""

    _fields_ = (
        ("counts", ctypes.c_int32 * 8),
        ("fault", ctypes.c_int32),
        ("error", ctypes.c_int32),
        ("transfers", ctypes.c_uint32),
        ("opened", ctypes.c_uint32),
        ("closed", ctypes.c_uint32),
        ("speed_hz", ctypes.c_uint32),
        ("mode", ctypes.c_uint32),
        ("bits", ctypes.c_uint32),
        ("sent_length", ctypes.c_uint32),
        ("sent", ctypes.c_uint8 * 12),
    )

    def breaks(self, fault, error=0):
        self.fault, self.error = fault, error

    @property
    def last_sent(self):
        return tuple(self.sent[: self.sent_length])


def mapped(path, kind, size=mmap.PAGESIZE):
    """A new file of zeros as a structure, shared with whoever maps it too."""
    path.write_bytes(bytes(size))
    with path.open("r+b") as file:
        return kind.from_buffer(mmap.mmap(file.fileno(), size))
