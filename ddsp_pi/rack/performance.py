"""A performance: what a sequencer or a player sent through the cables, kept as a CSV file."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import PerformanceError
from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import N_CVS, N_GATES

CV_COLUMNS = tuple(f"cv{jack}" for jack in range(1, N_CVS + 1))
GATE_COLUMNS = tuple(f"gate{jack}" for jack in range(1, N_GATES + 1))
LONGEST_STEP_S = 1.0
MAX_VOLTS = 12.0
"""What a Eurorack supply can put on a cable."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Volts held from row to row, and gate edges."""

    times_ns: NDArray[np.int64]
    """(rows,) ascending, first row at or after 0."""
    volts: NDArray[np.float64]
    """(rows, 6); NaN where the file has no such column: nothing is patched there."""
    edges: tuple[Edge, ...]
    """In order of time. Gates still open at the end close there."""

    @property
    def length_ns(self) -> int:
        """Time of the last row, where the performance ends."""
        return int(self.times_ns[-1])


def nothing_patched(length_ns: int) -> Performance:
    """A performance of that length in which no cable is in."""
    return Performance(np.array([0, length_ns]), np.full((2, N_CVS), np.nan), ())


def load_performance(path: Path) -> Performance:
    """Read `time_s,cv1..cv6,gate1..gate4` (any subset of jacks, in any order).

    Raises:
        PerformanceError: the file is missing, empty, not such a CSV, or has values that are
            missing, not finite, beyond ±12 V, not 0/1 for a gate, times out of order, or a step
            of more than a second; the message names the line.
    """
    header, rows = _read(path)
    table = np.array([_numbers(path, line, header, cells) for line, cells in rows])
    times = table[:, header.index("time_s")]
    _check_times(path, times, [line for line, _ in rows])
    times_ns = np.rint(times * 1e9).astype(np.int64)
    volts = np.full((len(table), N_CVS), np.nan)
    for jack, column in enumerate(CV_COLUMNS):
        if column in header:
            volts[:, jack] = table[:, header.index(column)]
    edges = [
        edge
        for gate, column in enumerate(GATE_COLUMNS, start=1)
        if column in header
        for edge in _edges(gate, table[:, header.index(column)], times_ns)
    ]
    return Performance(times_ns, volts, tuple(sorted(edges, key=lambda edge: edge.at_ns)))


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    except FileNotFoundError:
        raise PerformanceError(
            f"{path}: no such file; make one with 'ddsp-pi analyze RECORDING -o {path}'"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PerformanceError(f"{path}: not a readable CSV file ({error})") from error
    if not lines:
        raise PerformanceError(f"{path}: the file is empty; its first line must be 'time_s,cv1,…,gate1,…'")
    header, rows = lines[0][1], lines[1:]
    _check_header(path, header)
    if len(rows) < 2:
        raise PerformanceError(f"{path}: {len(rows)} rows of values; a performance needs at least 2")
    return header, rows


def _check_header(path: Path, header: list[str]) -> None:
    unknown = [name for name in header if name not in ("time_s", *CV_COLUMNS, *GATE_COLUMNS)]
    twice = sorted({name for name in header if header.count(name) > 1})
    if "time_s" not in header or unknown or twice or len(header) < 2:
        found = ",".join(header)[:80]
        raise PerformanceError(
            f"{path}, line 1: the header must be time_s and some of cv1…cv{N_CVS}, gate1…gate{N_GATES}, "
            f"each once; found {found!r}"
        )


def _numbers(path: Path, line: int, header: list[str], cells: list[str]) -> list[float]:
    if len(cells) != len(header):
        raise PerformanceError(f"{path}, line {line}: {len(cells)} values under {len(header)} headings")
    return [_number(path, line, name, cell) for name, cell in zip(header, cells, strict=True)]


def _number(path: Path, line: int, name: str, cell: str) -> float:
    place = f"{path}, line {line}, {name}"
    if not cell:
        raise PerformanceError(f"{place}: the value is missing; repeat the last one to hold it")
    try:
        value = float(cell)
    except ValueError:
        raise PerformanceError(f"{place}: {cell!r} is not a number") from None
    if not np.isfinite(value):
        raise PerformanceError(f"{place}: {cell} cannot be played; repeat the last good value to hold it")
    if name.startswith("cv") and abs(value) > MAX_VOLTS:
        raise PerformanceError(f"{place}: {cell} V is beyond ±{MAX_VOLTS:g} V; values are volts, not counts")
    if name.startswith("gate") and value not in (0.0, 1.0):
        raise PerformanceError(f"{place}: a gate is 0 or 1, not {cell}")
    return value


def _check_times(path: Path, times: NDArray[np.float64], lines: list[int]) -> None:
    if times[0] < 0.0:
        raise PerformanceError(f"{path}, line {lines[0]}: time {times[0]:g} s is before the start")
    steps = np.diff(times)
    if (steps <= 0.0).any():
        row = int(np.argmax(steps <= 0.0)) + 1
        raise PerformanceError(
            f"{path}, line {lines[row]}: time {times[row]:g} s does not come after "
            f"{times[row - 1]:g} s; sort the rows"
        )
    if (steps > LONGEST_STEP_S).any():
        row = int(np.argmax(steps > LONGEST_STEP_S)) + 1
        raise PerformanceError(
            f"{path}, line {lines[row]}: a gap of {steps[row - 1]:.3g} s after {times[row - 1]:g} s; "
            f"rows may be missing. Repeat a row at least every {LONGEST_STEP_S:g} s to hold it"
        )


def _edges(gate: int, levels: NDArray[np.float64], times_ns: NDArray[np.int64]) -> list[Edge]:
    changed = np.flatnonzero(np.diff(levels, prepend=0.0))
    edges = [Edge(gate, bool(levels[row]), int(times_ns[row])) for row in changed]
    if edges and edges[-1].high:
        edges.append(Edge(gate, False, int(times_ns[-1])))
    return edges
