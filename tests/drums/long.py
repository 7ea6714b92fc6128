"""Minutes of hits, twenty a second, as mode drums plays them: `python -m tests.drums.long --minutes 10`.

As fast as it goes, without a device. Recorded strokes in bars of a second: a pattern that comes again and
again, so that what was heard of it in the first minute can be laid beside what is heard in the last.
"""

import argparse
import dataclasses
import json
import os
import time
from array import array

import numpy as np

from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from tests.drumming import CHOSEN, HELD_OUT, floor, hits_of, true_onset
from tests.drums.heard import TICK, Drum, beginnings
from tests.live.player import memory_mb

PER_SECOND = 20

LEARNING_S = 2
"""Until the range of the hits is known; these bars are not counted."""

TICKING = TICK | {"osc1_gain": 6.0, "noise_gain": -60.0, "noise_decay_damping": 0.0, "sensitivity": 1.0}
"""Short, so that each hit can be told from the next, but moved by every one of them.

A tone, for no two hits have the same noise.
"""

LOUD = 240
"""Samples from the beginning of a hit on that its level is measured by."""


@dataclasses.dataclass
class Report:
    """What was seen of two drums that hear the same: one that ticks, and one that rings as it comes."""

    minutes: float
    played: int = 0
    sounded: int = 0
    """Hits of the drum that ticks."""
    told: tuple[int, ...] = ()
    """Hits by the meter of each, as they go out over OSC."""
    late: tuple[int, int] = (SAMPLE_RATE, 0)
    """Least and most samples from the true onset to the sound."""
    drift_samples: int = 0
    """The most by which this changes for the same stroke, from the first bar to any other."""
    drift_db: float = 0.0
    """The same of its level."""
    ringing_drift_db: float = 0.0
    """From the mean level of the first bars of the drum that rings to that of the last."""
    most_ringing: int = 0
    denormals: int = 0
    """Numbers in the state of the drums or in what they made."""
    not_finite: int = 0
    peak: float = 0.0
    first_us: float = 0.0
    """Median time of a block of the drum that rings in the first minute,"""
    last_us: float = 0.0
    """and in the last."""
    grown_mb: float = 0.0
    took_s: float = 0.0


def bar():
    """A second of strokes on six drums, loud and soft, and the samples at which they begin."""
    audio, every = floor("room", 1.0, -80.0).copy(), SAMPLE_RATE // PER_SECOND
    begins = every // 8 + (every + 7) * np.arange(PER_SECOND)
    for turn, begin in enumerate(begins):
        hit = hits_of((CHOSEN + HELD_OUT)[turn % 6], "stick")[-1]
        hit = hit[true_onset(hit) :][: every - 600] * (0.25 + 0.5 * (turn % 3 == 0)) / np.abs(hit).max()
        audio[begin : begin + len(hit)] += hit * np.linspace(1.0, 0.0, len(hit))
    return audio.astype(np.float32), begins


def denormal(numbers):
    """How many there are."""
    sizes = np.abs(numbers)
    return int(((sizes > 0.0) & (sizes < np.finfo(numbers.dtype).tiny)).sum())


def level_db(audio):
    return 10.0 * np.log10(np.mean(np.square(audio, dtype=np.float64)))


class Watch:
    """Two drums, and who counts."""

    def __init__(self, report):
        self.report = report
        self.ticks, self.rings = Drum(**TICKING), Drum()
        self.blocks_us, self._levels_db = array("f"), array("f")
        (self._bar, self._begins), self._first, self._number = bar(), None, 0

    def second(self):
        """One more bar."""
        ticked, _ = self._play(self.ticks)
        rang, blocks_us = self._play(self.rings)
        if self._number >= LEARNING_S:
            self._compare(ticked)
            self._levels_db.append(level_db(rang))
            self.blocks_us.extend(blocks_us)
        self._number += 1

    def sum_up(self):
        """What can be said at the end."""
        report, blocks_us = self.report, np.array(self.blocks_us)
        minute = round(min(60.0, len(blocks_us) / HOP_RATE / 2.0) * HOP_RATE)
        bars = len(self._levels_db) // 2
        report.first_us = round(float(np.median(blocks_us[:minute])), 1)
        report.last_us = round(float(np.median(blocks_us[-minute:])), 1)
        moved = np.mean(self._levels_db[-bars:]) - np.mean(self._levels_db[:bars])
        report.ringing_drift_db = round(float(moved), 3)
        learned = LEARNING_S * PER_SECOND
        report.told = tuple(drum.mode.meter.hit.number - learned for drum in (self.ticks, self.rings))

    def _play(self, drum):
        """A bar of it, and the microseconds of its blocks."""
        out, times, hits = np.empty(SAMPLE_RATE, np.float32), [], drum.hits
        for at in range(0, SAMPLE_RATE, HOP):
            begun = time.perf_counter_ns()
            drum.app.engine.render(out[at : at + HOP], self._bar[at : at + HOP])
            times.append((time.perf_counter_ns() - begun) / 1e3)
            self.report.denormals += denormal(hits.table)
            self.report.most_ringing = max(self.report.most_ringing, hits.ringing)
        self.report.denormals += denormal(out)
        self.report.not_finite += int((~np.isfinite(out)).sum())
        self.report.peak = max(self.report.peak, float(np.abs(out).max()))
        return out, times

    def _compare(self, out):
        report, began = self.report, beginnings(out)
        report.played += PER_SECOND
        report.sounded += len(began)
        if len(began) != PER_SECOND:
            return
        seen = began - self._begins, np.array([level_db(out[at : at + LOUD]) for at in began])
        self._first = self._first or seen
        late, level = (np.abs(now - then).max() for now, then in zip(seen, self._first, strict=True))
        report.late = min(report.late[0], int(seen[0].min())), max(report.late[1], int(seen[0].max()))
        report.drift_samples = max(report.drift_samples, int(late))
        report.drift_db = max(report.drift_db, round(float(level), 3))


def long(minutes):
    """Play so many minutes; what was seen."""
    report, begun = Report(minutes), time.monotonic()
    watch, before_mb = Watch(report), 0.0
    for second in range(round(60.0 * minutes) + LEARNING_S):
        watch.second()
        if second == LEARNING_S:
            before_mb = memory_mb(os.getpid())
    watch.sum_up()
    report.grown_mb = round(memory_mb(os.getpid()) - before_mb, 2)
    report.took_s = round(time.monotonic() - begun, 1)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    args = parser.parse_args()
    print(json.dumps(dataclasses.asdict(long(args.minutes)), indent=1))


if __name__ == "__main__":
    main()
