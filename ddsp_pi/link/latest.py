"""Latest: one record in shared memory that one process writes and any number read, without a lock."""

import math
import struct
import time
from zlib import crc32

from ddsp_pi.errors import LinkError

_SEQUENCE = 0
_HEADER = struct.Struct("QII")
"""Time of the write in ns of CLOCK_MONOTONIC, length of the payload in bytes, CRC32."""
_HEADER_AT = 8
_PAYLOAD_AT = _HEADER_AT + _HEADER.size
_ATTEMPTS = 3


class Latest:
    """A sequence-locked record: the newest value wins, and a reader never waits for the writer.

    The sequence number is odd while a write is under way. Python has no memory barriers, so a CPU
    that reorders stores, such as ARM, could show a new number over an old payload; the CRC32 starts
    from the number and the time of the write, and every mixture fails it. A writer that dies in the
    middle leaves the number odd: readers keep the value they had, which grows old, until the next
    writer overwrites the record.
    """

    def __init__(self, memory: memoryview) -> None:
        """Take part in the record in `memory`, 8-byte aligned; all zeros means never written."""
        self._memory = memory
        self._words = memory[: len(memory) // 8 * 8].cast("Q")
        self._seen = 0
        self._at_ns: int | None = None
        self.value: bytes | None = None
        """What `read` last returned, None before the first."""

    @staticmethod
    def size(capacity: int) -> int:
        """Bytes of memory that a record of so many payload bytes takes."""
        return _PAYLOAD_AT + capacity

    @property
    def capacity(self) -> int:
        """The longest payload in bytes."""
        return len(self._memory) - _PAYLOAD_AT

    @property
    def sequence(self) -> int:
        """Grows with every write, whoever writes: a heartbeat. Odd inside a write."""
        return self._words[_SEQUENCE]

    @property
    def age_s(self) -> float:
        """Seconds since `value` was written; infinite before the first."""
        return math.inf if self._at_ns is None else (time.monotonic_ns() - self._at_ns) * 1e-9

    def is_stale(self, after_s: float) -> bool:
        """Whether what this reader holds is older than so many seconds."""
        return self.age_s > after_s

    def write(self, payload: bytes) -> None:
        """Publish a payload; for one writer at a time.

        Raises:
            LinkError: it is longer than `capacity`; the old value stays.
        """
        if len(payload) > self.capacity:
            raise LinkError(f"a record of {len(payload)} bytes is too long: {self.capacity} fit")
        # A writer that died inside a write has left the number odd already.
        begun = self._words[_SEQUENCE] | 1
        self._words[_SEQUENCE] = begun
        at_ns = time.monotonic_ns()
        checksum = _checksum(payload, begun + 1, at_ns)
        _HEADER.pack_into(self._memory, _HEADER_AT, at_ns, len(payload), checksum)
        self._memory[_PAYLOAD_AT : _PAYLOAD_AT + len(payload)] = payload
        self._words[_SEQUENCE] = begun + 1

    def read(self) -> bytes | None:
        """The payload if it is new to this reader; None if not, or if it cannot be read just now."""
        if self._words[_SEQUENCE] == self._seen:
            return None
        for _ in range(_ATTEMPTS):
            if self._take():
                return self.value
        return None

    def _take(self) -> bool:
        sequence = self._words[_SEQUENCE]
        at_ns, length, checksum = _HEADER.unpack_from(self._memory, _HEADER_AT)
        if sequence & 1:
            return False
        payload = self._memory[_PAYLOAD_AT : _PAYLOAD_AT + length].tobytes()
        if checksum != _checksum(payload, sequence, at_ns) or sequence != self._words[_SEQUENCE]:
            return False
        self._seen, self._at_ns, self.value = sequence, at_ns, payload
        return True

    def close(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._memory.release()


def _checksum(payload: bytes, sequence: int, at_ns: int) -> int:
    return crc32(payload, (sequence ^ at_ns ^ at_ns >> 32) & 0xFFFF_FFFF)
