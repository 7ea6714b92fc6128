"""The sample clock: at which sample an event of a given time is rendered."""

import math
import time
from collections.abc import Callable
from typing import Protocol

from ddsp_pi.frame import SAMPLE_RATE, nanoseconds

TRANSPORT_NS = 1_000_000
"""What an event may need from the jack to the engine."""

BANDWIDTH_HZ = 0.3
"""Of the locked loop: low enough to take the jitter out, high enough to follow a warming crystal."""

LARGEST_DRIFT = 0.002
"""Crystals differ by less than this share; a larger difference is trouble, not a rate to learn."""

JITTER_NS = 300_000
"""A call further off than this, after missed blocks, tells of another phase and not of jitter."""

LONG_PAUSE_NS = 1_000_000_000
"""After this the learned rate no longer foretells where a block begins."""


AGREEING = 16
"""So many calls in a row, all early or all late by more than NOTICEABLE_NS, are no jitter any more: the
card's or server's timer has begun anew, as after an xrun, and where it did says nothing about its rate."""

NOTICEABLE_NS = 50_000


class Clock(Protocol):
    """Maps times in ns to samples, on the engine's own count of rendered samples."""

    def block(self, n: int) -> None:
        """To be called first thing in each block of n samples."""

    def sample(self, at_ns: int) -> int:
        """The sample at which an event of that time is rendered; it may be past or still to come."""

    def time_ns(self, sample: int) -> int:
        """The time of the event that is rendered at a sample: `sample(time_ns(s)) == s`."""


class SampleCount:
    """Time without a clock, for files: sample s is rendered at s / SAMPLE_RATE seconds."""

    def block(self, n: int) -> None:
        """See Clock."""

    def sample(self, at_ns: int) -> int:
        """See Clock; the nearest sample."""
        return (2 * at_ns * SAMPLE_RATE + 1_000_000_000) // 2_000_000_000

    def time_ns(self, sample: int) -> int:
        """See Clock."""
        return nanoseconds(sample)


class DelayLocked:
    """Follows the audio clock by the times at which the blocks are asked for.

    A second-order delay-locked loop (F. Adriaensen, "Using a DLL to filter time", LAC 2005). A block
    is mapped to [t0, t1), where t1 is predicted when the block begins and is the next one's t0: the map
    has no gaps or overlaps, whatever the jitter. An event sounds `delay_ns` after its time. Where
    periods were missed, the map skips as many, and what was due meanwhile lies before the block; where
    the phase is another afterwards, it jumps there as soon as that is certain.

    Args:
        period: samples of a usual block.
        delay_ns: constant from an event to its sample; None: one block and TRANSPORT_NS.
        now: the clock that the events' times are read from, in ns.
    """

    def __init__(
        self, period: int, delay_ns: int | None = None, now: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._now, self._fixed_delay = now, delay_ns
        self._position, self._n = 0, period
        self._ns_per_sample = 1e9 / SAMPLE_RATE
        self._t0 = now()
        self._t1 = self._t0 + nanoseconds(period)
        self.delay_ns = self._delay(period)
        self._averaged = 0
        self._missed = 0
        self._off: list[float] = []
        self._moved, self._rate_then = 0.0, self._ns_per_sample
        self._tune(period)

    def block(self, n: int) -> None:
        """See Clock."""
        now = self._now()
        if not self._averaged:
            self._begin(now, n)
            return
        if n != self._n:
            self._tune(n)
        self._position += self._n
        start, length = self._t1, n * self._ns_per_sample
        error = now - start
        if not -0.5 * length <= error <= 0.5 * length:
            skipped = self._skipped(error, length)
            start += skipped
            error = error - skipped if skipped else 0
        else:
            self._missed = 0
            if self._off or not -NOTICEABLE_NS < error < NOTICEABLE_NS:
                jumped = self._jumped(error)
                start, error = start + jumped, error - jumped
        self._follow(start, error, length, n)

    def sample(self, at_ns: int) -> int:
        """See Clock."""
        since = at_ns + self.delay_ns - self._t0
        return self._position + since * self._n // (self._t1 - self._t0)

    def time_ns(self, sample: int) -> int:
        """See Clock; the first ns of that sample."""
        since = -((self._position - sample) * (self._t1 - self._t0) // self._n)
        return self._t0 + since - self.delay_ns

    def _delay(self, n: int) -> int:
        return nanoseconds(n) + TRANSPORT_NS if self._fixed_delay is None else self._fixed_delay

    def _begin(self, now: int, n: int) -> None:
        self.delay_ns = self._delay(n)
        self._tune(n)
        self._n, self._averaged = n, 1
        self._t0, self._t1 = now, now + round(n * self._ns_per_sample)

    def _skipped(self, error: int, length: float) -> int:
        """Time to jump by: whole blocks, once two calls in a row agree how many.

        A single late call is caught up by the next ones: it says nothing about the clock.
        """
        missed = round(error / length)
        if missed != self._missed or not missed:
            self._missed = missed
            return 0
        self._missed = 0
        if abs(error) > LONG_PAUSE_NS or abs(error - missed * length) > JITTER_NS:
            # The phase is another: average it afresh. The rate is known and stays.
            self._averaged = 1
        return round(missed * length)

    def _jumped(self, error: int) -> int:
        """Time to jump by, once a row of calls agrees."""
        off = self._off
        if abs(error) < NOTICEABLE_NS or (off and off[0] * error < 0):
            off.clear()
            return 0
        if not off:
            self._moved, self._rate_then = 0.0, self._ns_per_sample
        off.append(error + self._moved)
        if len(off) < AGREEING:
            return 0
        # While it was not certain the jump was followed, and taken for another rate.
        self._ns_per_sample, self._averaged = self._rate_then, AGREEING
        jump = round(sorted(off)[AGREEING // 2] - self._moved)
        off.clear()
        return jump

    def _follow(self, start: int, error: int, length: float, n: int) -> None:
        gain = self._gain
        if self._averaged < self._settled:
            self._averaged += 1
            gain = 1.0 / self._averaged
        correction = gain * error
        self._n, self._t0 = n, start
        self._t1 = start + round(length + correction)
        if self._off:
            self._moved += correction + length - n * self._rate_then
        rate = self._ns_per_sample + self._rate_gain * error
        self._ns_per_sample = _SLOWEST if rate < _SLOWEST else _FASTEST if rate > _FASTEST else rate

    def _tune(self, n: int) -> None:
        """Gains of the loop for blocks of n samples: first an average, then critically damped."""
        omega = 2.0 * math.pi * BANDWIDTH_HZ * n / SAMPLE_RATE
        self._gain = math.sqrt(2.0) * omega
        self._settled = math.ceil(1.0 / self._gain)
        self._rate_gain = omega * omega / n


_SLOWEST = 1e9 / SAMPLE_RATE * (1.0 - LARGEST_DRIFT)
_FASTEST = 1e9 / SAMPLE_RATE * (1.0 + LARGEST_DRIFT)
