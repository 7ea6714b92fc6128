"""Records what comes through the cables, as a performance that can be played again."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.monitor.rows import RowFile
from ddsp_pi.rack.board import N_CVS, N_GATES
from ddsp_pi.rack.performance import CV_COLUMNS, GATE_COLUMNS, LONGEST_STEP_S, MAX_VOLTS

SETTLE_NS = 200_000_000
"""Scans come in batches and edges one by one; after so long nothing older is on its way any more."""

WRITE_NS = 500_000_000
"""So often rows go into the file."""

HOLD_NS = round(LONGEST_STEP_S * 0.5e9)
"""While nothing comes, the last row is repeated so often."""

AHEAD_NS, BEHIND_NS = 1_000_000_000, 600_000_000_000
"""What claims to be from a time so far ahead, or so long ago, is not believed: holding the last values until
then would take thousands of rows."""


class _Heard(NamedTuple):
    """A scan, or a gate that has a level."""

    at_ns: int
    volts: Sequence[float] = ()
    gate: int = 0
    high: bool = False


class Recording:
    """Puts scans and edges in order of their own times, which are those of `time.monotonic_ns`.

    It begins with the first scan in which a jack says something; the jacks that do get a column, and so
    does every gate. Volts are kept to 10 µV.
    """

    def __init__(self, path: Path) -> None:
        """Begin a file, in place of an older one.

        Raises:
            OSError: it cannot be written.
        """
        self._file = RowFile(path)
        self._heard: list[_Heard] = []
        self._rows: list[str] = []
        self._volts: list[float] = []
        self._gates = [False] * N_GATES
        self._begun_ns = self._last_ns = self._written_ns = 0
        self.jacks: tuple[int, ...] = ()
        """Those that are recorded, from 1 on; none before it has begun."""
        self.rows = self.edges = 0
        """So much is in the file."""

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def seconds(self) -> float:
        """From the first row to the last one."""
        return (self._last_ns - self._begun_ns) / 1e9

    def scan(self, at_ns: int, volts: Sequence[float]) -> None:
        """The jacks were read at that time, NaN where there is nothing."""
        self._heard.append(_Heard(at_ns, volts=volts))

    def gate(self, at_ns: int, gate: int, high: bool) -> None:
        """A gate went high or low at that time, or is so."""
        if 1 <= gate <= N_GATES:
            self._heard.append(_Heard(at_ns, gate=gate, high=high))

    def beat(self) -> None:
        """Call it often: writes what is due.

        Raises:
            OSError: the disk is full; what was written until then is whole.
        """
        now_ns = time.monotonic_ns()
        if now_ns - self._written_ns >= WRITE_NS:
            self._written_ns = now_ns
            self._settle(now_ns - SETTLE_NS)

    def close(self) -> None:
        """Write what is left.

        Raises:
            OSError: the disk is full; what was written until then is whole.
        """
        try:
            self._settle(time.monotonic_ns())
        finally:
            self._file.close()

    def _settle(self, until_ns: int) -> None:
        early_ns, believed_ns = until_ns - BEHIND_NS, until_ns + SETTLE_NS + AHEAD_NS
        settled = (one for one in self._heard if early_ns < one.at_ns <= until_ns)
        due = sorted(settled, key=lambda one: one.at_ns)
        self._heard = [one for one in self._heard if until_ns < one.at_ns <= believed_ns]
        for one in due:
            self._take(one)
        rows, self._rows = self._rows, []
        if rows:
            self._file.append("".join(rows))

    def _take(self, one: _Heard) -> None:
        while self.jacks and one.at_ns - self._last_ns > HOLD_NS:
            self._add(self._last_ns + HOLD_NS)
        if one.gate:
            self._take_gate(one)
        elif self.jacks:
            # What is no number cannot be played: the last one is held.
            found = [one.volts[jack - 1] if jack <= len(one.volts) else math.nan for jack in self.jacks]
            self._volts = [
                v if math.isfinite(v) else held for v, held in zip(found, self._volts, strict=True)
            ]
            self._row(one.at_ns)
        else:
            self._begin(one)

    def _take_gate(self, one: _Heard) -> None:
        if self._gates[one.gate - 1] == one.high:
            return
        self._gates[one.gate - 1] = one.high
        if self.jacks:
            self.edges += 1
            self._row(one.at_ns)

    def _begin(self, scan: _Heard) -> None:
        volts = scan.volts[:N_CVS]
        self.jacks = tuple(jack for jack, v in enumerate(volts, 1) if math.isfinite(v))
        if not self.jacks:
            return
        columns = ["time_s", *(CV_COLUMNS[jack - 1] for jack in self.jacks), *GATE_COLUMNS]
        self._rows.append(",".join(columns) + "\n")
        self._begun_ns, self._last_ns = scan.at_ns, scan.at_ns - 1
        self._volts = [volts[jack - 1] for jack in self.jacks]
        self._row(scan.at_ns)

    def _row(self, at_ns: int) -> None:
        # No two rows have the same time, and what comes too late to be put in order is not lost.
        self._add(max(at_ns, self._last_ns + 1))

    def _add(self, at_ns: int) -> None:
        self._last_ns = at_ns
        self.rows += 1
        volts = (f"{min(max(v, -MAX_VOLTS), MAX_VOLTS):.5f}" for v in self._volts)
        cells = (f"{(at_ns - self._begun_ns) / 1e9:.9f}", *volts, *("01"[high] for high in self._gates))
        self._rows.append(",".join(cells) + "\n")
