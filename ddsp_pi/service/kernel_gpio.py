"""The GPIO chips as the kernel describes them, asked without any library (linux/gpio.h, version 2)."""

import fcntl
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

_CHIP = struct.Struct("32s32sI")
_LINE = struct.Struct("32s32sIIQ176x")
_GET_CHIP_INFO = 0x8044_B401
_GET_LINE_INFO = 0xC100_B405
_USED = 1


class Gpio(Protocol):
    """What is asked of GPIO chips. Looking does not take a line."""

    def label(self, path: Path) -> str:
        """The label of a chip.

        Raises:
            OSError: it cannot be opened, or it is none.
        """

    def users(self, path: Path, pins: Iterable[int]) -> Mapping[int, str]:
        """Who uses which of these lines; a user without a name is called "somebody".

        Raises:
            OSError: it cannot be opened, or it is none.
        """


class KernelGpio:
    """Asks the kernel."""

    def label(self, path: Path) -> str:
        """See Gpio."""
        _, label, _ = _CHIP.unpack(_ask(path, _GET_CHIP_INFO, bytes(_CHIP.size)))
        return _text(label)

    def users(self, path: Path, pins: Iterable[int]) -> Mapping[int, str]:
        """See Gpio."""
        answers = {pin: _ask(path, _GET_LINE_INFO, _LINE.pack(b"", b"", pin, 0, 0)) for pin in pins}
        rows = {pin: _LINE.unpack(answer) for pin, answer in answers.items()}
        return {pin: _text(row[1]) or "somebody" for pin, row in rows.items() if row[4] & _USED}


def _ask(path: Path, request: int, question: bytes) -> bytes:
    device = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(device, request, question)
    finally:
        os.close(device)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")
