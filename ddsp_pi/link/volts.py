"""Volts on their way through the link: float64, native byte order, nothing else."""

import struct
from collections.abc import Sequence

_FLOAT64 = struct.calcsize("d")


def pack_volts(volts: Sequence[float]) -> bytes:
    """One number per CV jack, from the first on; NaN where nothing is patched."""
    return struct.pack(f"{len(volts)}d", *volts)


def unpack_volts(payload: bytes) -> tuple[float, ...]:
    """What was packed, to the bit."""
    return struct.unpack(f"{len(payload) // _FLOAT64}d", payload)
