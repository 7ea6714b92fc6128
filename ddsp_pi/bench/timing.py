"""Takes the time of pieces of work that take turns."""

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.bench.report import Cost, Histogram
from ddsp_pi.engine.realtime import Grant, raise_thread

WARM_CALLS = 4
"""At the beginning of a turn, not counted: whoever came before has emptied the caches."""

BINS_PER_OCTAVE = 2

Act = Callable[[], object]


def nothing() -> None:
    """Work that takes no time: what it seems to take is the clocks'."""


@dataclass(slots=True)
class Work:
    """What is to be timed, and what it took."""

    act: Act
    calls: int
    before: Act = nothing
    """Called before each call, not timed."""
    wall_ns: list[int] = field(default_factory=list)
    cpu_ns: list[int] = field(default_factory=list)

    def call(self, counts: bool = True) -> None:
        """Once."""
        self.before()
        wall, cpu = timed(self.act)
        if counts:
            self.wall_ns.append(wall)
            self.cpu_ns.append(cpu)


def timed(act: Act) -> tuple[int, int]:
    """Wall time and the thread's own time of one call in ns."""
    # The slow clock is read inside the fast one's stretch, so that wall time never says less.
    begun = time.perf_counter_ns()
    worked = time.thread_time_ns()
    act()
    worked = time.thread_time_ns() - worked
    return time.perf_counter_ns() - begun, worked


def turn(chain: Sequence[Work], calls: int) -> None:
    """So many calls of each work of a chain in turn, each in the caches as the one before it left them."""
    for call in range(-WARM_CALLS, calls):
        for work in chain:
            work.call(counts=call >= 0)


def take_turns(chains: Sequence[Sequence[Work]], rounds: int, advance: Callable[[int], object]) -> None:
    """All calls of all chains, in so many turns each; `advance` hears of every turn.

    So a slow moment of the machine hits all of them.
    """
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for chain in chains:
                turn(chain, max(chain[0].calls // rounds, 1))
                advance(1)
    finally:
        gc.enable()


@contextmanager
def scheduled() -> Iterator[Grant]:
    """This thread as urgent as the audio thread is, where that is granted; afterwards as before."""
    policy, usual = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield raise_thread()
    finally:
        os.sched_setscheduler(0, policy, usual)


def pace(work: Work, period_s: float, calls: int) -> None:
    """Call once per period, and sleep in between as an audio thread does."""
    due_s = time.perf_counter()
    for _ in range(calls):
        due_s = max(due_s + period_s, time.perf_counter())
        time.sleep(max(due_s - time.perf_counter(), 0.0))
        work.call()


class Clocks:
    """What reading the clocks itself takes, which no work has to answer for."""

    def __init__(self) -> None:
        empty = Work(nothing, 1000)
        turn([empty], empty.calls)
        self._wall_us, self._cpu_us = (float(np.median(t)) / 1e3 for t in (empty.wall_ns, empty.cpu_ns))

    def cost(self, work: Work) -> Cost:
        """Figures of a work that has been timed."""
        wall, cpu = self.wall_us(work), _less(work.cpu_ns, self._cpu_us)
        wall_us = np.percentile(wall, (50.0, 99.0, 99.9, 100.0))
        figures = (*wall_us, np.median(cpu), np.min(cpu), np.mean(cpu))
        return Cost(len(wall), *(round(float(figure), 3) for figure in figures))

    def wall_us(self, work: Work) -> NDArray[np.float64]:
        """(calls,) µs."""
        return _less(work.wall_ns, self._wall_us)


def _less(times_ns: list[int], clocks_us: float) -> NDArray[np.float64]:
    """(calls,) µs, without what the clocks took but never none at all."""
    return np.maximum(np.asarray(times_ns) / 1e3 - clocks_us, 0.001)


def histogram(times_us: NDArray[np.float64]) -> Histogram:
    """Bins of half an octave, from the first that holds anything to the last."""
    bins = np.floor(np.log2(times_us) * BINS_PER_OCTAVE).astype(int)
    first, last = int(bins.min()), int(bins.max())
    counts = np.bincount(bins - first, minlength=last - first + 1)
    low_us = [round(2.0 ** (place / BINS_PER_OCTAVE), 3) for place in range(first, last + 1)]
    return Histogram(low_us, counts.tolist())
