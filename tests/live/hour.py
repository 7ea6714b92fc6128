"""An hour of sound as fast as it goes: `python -m tests.live.hour --minutes 60 --period 128`.

The engine as it plays live, without a device: the demo phrase, an instrument change in every minute of
its time, gates at random. What must not grow with the hours is measured: memory; and all must be finite.
"""

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_pi.app import build
from ddsp_pi.config import load_config
from ddsp_pi.frame import SAMPLE_RATE, Edge
from ddsp_pi.modes.tables import fitting
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder
from tests.live.player import memory_mb

PHRASE = configs_folder() / "performances" / "violin-phrase.csv"
MINUTE = 60 * SAMPLE_RATE
GATES_A_SECOND = 5.0


class Gates:
    """The demo phrase on its cables, and gate 1 that opens and closes at random beside it."""

    def __init__(self, seed: int = 1) -> None:
        self._board = SimBoard(load_performance(PHRASE), loop=True)
        self._random = np.random.default_rng(seed)
        self._next_ns, self._high = 0, False
        self.edges = 0

    def volts(self, at_ns: int) -> tuple[float, ...]:
        return self._board.volts(at_ns)

    def events(self, until_ns: int) -> Sequence[Edge]:
        events = list(self._board.events(until_ns))
        while self._next_ns < until_ns:
            self._high = not self._high
            events.append(Edge(1, self._high, self._next_ns))
            self._next_ns += int(self._random.exponential(1e9 / GATES_A_SECOND)) + 1
        self.edges += len(events)
        return events


@dataclasses.dataclass
class Report:
    minutes: int
    took_s: float = 0.0
    memory_mb: list[float] = dataclasses.field(default_factory=list)
    """After each minute of sound."""
    edges: int = 0
    changes: int = 0
    peak: float = 0.0
    rejected: int = 0
    finite: bool = True

    @property
    def grown_mb(self) -> float:
        """From the end of the first minute to the end of the last."""
        return self.memory_mb[-1] - self.memory_mb[0]


def hour(minutes: int, period: int) -> Report:
    """Play so many minutes; what was seen."""
    gates, report, begun = Gates(), Report(minutes), time.monotonic()
    app, names = build(load_config(), gates), list(fitting("cv").values())
    app.library.warm(app.config.voices)
    out = np.empty(period, np.float32)
    for minute in range(minutes):
        app.play(names[minute % len(names)])
        report.changes += 1
        _minute(app, out, report)
        report.memory_mb.append(round(memory_mb(os.getpid()), 2))
    report.edges, report.rejected = gates.edges, app.engine.telemetry.rejected_samples
    report.took_s = round(time.monotonic() - begun, 1)
    return report


def _minute(app: Any, out: np.ndarray, report: Report) -> None:
    for _ in range(MINUTE // len(out)):
        app.engine.render(out)
        peak = float(np.abs(out).max())
        report.finite &= peak < np.inf
        report.peak = max(report.peak, peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("-o", "--output", type=Path, help="the report as JSON")
    args = parser.parse_args()
    report = hour(args.minutes, args.period)
    said = dataclasses.asdict(report) | {"grown_mb": round(report.grown_mb, 2)}
    print("\n".join(f"{name}: {value}" for name, value in said.items()))
    if args.output:
        args.output.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
