"""Every scan of the board on its way to a recording, many of them in one message."""

import struct
from collections.abc import Iterator, Sequence
from functools import cache

from ddsp_pi.control.messages import Numbers, message
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.frame import Edge

ADDRESS = "/ddsp/raw"
"""How many batches there were before, CV jacks, scans: a blob of (time in ns, volts of each jack)."""

GATE_ADDRESS = "/ddsp/raw/gate"
"""Gate, level, time in ns."""

BATCH_NS = 50_000_000
MOST_SCANS = 32
"""Whatever comes first ends a batch: with eight jacks 1280 bytes at most, which any network takes whole."""


class RawReports:
    """Collects scans and sends them in batches; gate edges at once, with their own times."""

    def __init__(self, recorders: Subscribers, cvs: int) -> None:
        self._recorders, self._cvs = recorders, cvs
        self._pack = _scan(cvs).pack
        self._gate = Numbers(GATE_ADDRESS, "iih")
        self._scans: list[bytes] = []
        self._begun_ns = self._sent = 0

    def scan(self, volts: Sequence[float], at_ns: int) -> None:
        """The jacks were read at that time; not smoothed, but calibrated."""
        if not self._recorders:
            self._scans.clear()
            return
        if not self._scans:
            self._begun_ns = at_ns
        self._scans.append(self._pack(at_ns, *volts[: self._cvs]))
        if len(self._scans) >= MOST_SCANS or at_ns - self._begun_ns >= BATCH_NS:
            self._send()

    def edge(self, edge: Edge) -> None:
        """A gate went high or low."""
        if self._recorders:
            self._recorders.send(self._gate(edge.gate, edge.high, edge.at_ns))

    def greet(self, levels: Sequence[bool], at_ns: int) -> None:
        """Tell who has just come which gates are open."""
        for address in self._recorders.newcomers():
            for gate, high in enumerate(levels, 1):
                self._recorders.send_to(address, self._gate(gate, high, at_ns))

    def _send(self) -> None:
        self._recorders.send(message(ADDRESS, "iib", self._sent, self._cvs, b"".join(self._scans)))
        self._scans.clear()
        self._sent = (self._sent + 1) % (1 << 31)


def unpack_scans(cvs: int, scans: bytes) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Time in ns and volts of every scan in a message.

    Raises:
        ValueError: these are no scans of so many jacks.
    """
    try:
        for at_ns, *volts in _scan(cvs).iter_unpack(scans):
            yield at_ns, tuple(volts)
    except struct.error as error:
        raise ValueError(f"no scans of {cvs} jacks: {error}") from None


@cache
def _scan(cvs: int) -> struct.Struct:
    return struct.Struct(f">q{cvs}f")
