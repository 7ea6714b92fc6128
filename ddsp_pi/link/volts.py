"""Volts on their way through the link: float64, native byte order, nothing else."""

import struct
from collections.abc import Sequence
from functools import cache

_FLOAT64 = struct.calcsize("d")


def pack_volts(volts: Sequence[float]) -> bytes:
    """One number per CV jack, from the first on; NaN where nothing is patched."""
    return _layout(len(volts)).pack(*volts)


def unpack_volts(payload: bytes) -> tuple[float, ...]:
    """What was packed, to the bit."""
    return _layout(len(payload) // _FLOAT64).unpack(payload)


@cache
def _layout(numbers: int) -> struct.Struct:
    return struct.Struct(f"{numbers}d")
