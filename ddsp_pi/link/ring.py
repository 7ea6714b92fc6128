"""Ring: a bounded queue of records in shared memory, from one process to one other."""

import struct
from collections.abc import Iterator
from zlib import crc32

from ddsp_pi.errors import LinkError

PAYLOAD = 480
"""The longest record in bytes."""

_HEAD = 0
_TAIL = 8
"""Counts of records ever pushed and popped, in 8-byte words: a cache line each, as each has its writer."""
_SLOTS_AT = 128
_HEADER = struct.Struct("II")
"""Length of the payload in bytes, CRC32."""
_SLOT = _HEADER.size + PAYLOAD


class Ring:
    """Single producer, single consumer; neither ever waits for the other.

    A record counts once the head has moved past it, so a producer that dies inside `push` leaves
    nothing behind, and its successor goes on from the same place. The CRC32 of a record starts from
    its number: on a CPU that reorders stores, what lay in the slot one lap earlier is not mistaken
    for it.
    """

    def __init__(self, memory: memoryview) -> None:
        """Take part in the ring in `memory`, 8-byte aligned; all zeros means empty."""
        self._memory = memory
        self._words = memory[:_SLOTS_AT].cast("Q")
        self.slots = (len(memory) - _SLOTS_AT) // _SLOT
        self._suspect = -1
        self.damaged = 0
        """Records that this consumer had to skip because they failed their check."""

    @staticmethod
    def size(slots: int) -> int:
        """Bytes of memory that a ring of so many records takes."""
        return _SLOTS_AT + slots * _SLOT

    def __len__(self) -> int:
        """Records that wait."""
        return max(self._words[_HEAD] - self._words[_TAIL], 0)

    def push(self, payload: bytes) -> bool:
        """Append a record; False if the ring is full, and then nothing has changed.

        Raises:
            LinkError: the payload is longer than `PAYLOAD`.
        """
        if len(payload) > PAYLOAD:
            raise LinkError(f"a record of {len(payload)} bytes is too long: {PAYLOAD} fit")
        head = self._words[_HEAD]
        if head - self._words[_TAIL] >= self.slots:
            return False
        at = self._slot(head)
        _HEADER.pack_into(self._memory, at, len(payload), _checksum(payload, head))
        begin = at + _HEADER.size
        self._memory[begin : begin + len(payload)] = payload
        self._words[_HEAD] = head + 1
        return True

    def pop(self) -> bytes | None:
        """The oldest record, or None if there is none to be had now."""
        tail = self._words[_TAIL]
        waiting = self._words[_HEAD] - tail
        if not waiting:
            return None
        if not 0 < waiting <= self.slots:
            self.damaged += 1
            self.clear()
            return None
        payload = self._read(tail)
        if payload is None and tail != self._suspect:
            # Perhaps its bytes have not all arrived, which takes nanoseconds: one more look, next time.
            self._suspect = tail
            return None
        self.damaged += payload is None
        self._words[_TAIL] = tail + 1
        return payload

    def drain(self, limit: int) -> Iterator[bytes]:
        """The records that wait, oldest first, at most `limit` of them."""
        for _ in range(limit):
            payload = self.pop()
            if payload is None:
                return
            yield payload

    def clear(self) -> None:
        """Forget what waits; for the consumer, as a new one does not want its predecessor's records."""
        self._words[_TAIL] = self._words[_HEAD]

    def close(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._memory.release()

    def _slot(self, number: int) -> int:
        return _SLOTS_AT + number % self.slots * _SLOT

    def _read(self, number: int) -> bytes | None:
        at = self._slot(number)
        length, checksum = _HEADER.unpack_from(self._memory, at)
        if length > PAYLOAD:
            return None
        begin = at + _HEADER.size
        payload = self._memory[begin : begin + length].tobytes()
        return payload if checksum == _checksum(payload, number) else None


def _checksum(payload: bytes, number: int) -> int:
    # Never from zero, which would find an empty record in a slot that nobody has written yet.
    return crc32(payload, number % 0xFFFF_FFFF + 1)
