"""A JACK client that records one port, and knows when each of its samples was."""

import itertools
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

NS_PER_SAMPLE = 1e9 / SAMPLE_RATE

EARLIEST = 5
"""Percentile of the wake-ups of a stretch that is taken for on time: all are late, by more or less."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks between two xruns: the driver's timer ticked on without a gap."""

    begin: int
    end: int
    """Blocks of the recording, the last one excluded."""
    anchor_ns: float
    """When block 0 would have begun."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was heard, block by block."""

    blocks: NDArray[np.float32]
    """(blocks, period)."""
    woken_ns: NDArray[np.int64]
    """(blocks,) CLOCK_MONOTONIC when the server woke up for each block, with all jitter."""
    xruns_ns: tuple[int, ...]
    """When the server said that somebody was late."""

    @property
    def samples(self) -> NDArray[np.float32]:
        """(n,) one block after the other."""
        return self.blocks.reshape(-1)

    @property
    def period_ns(self) -> float:
        """Length of a block."""
        return self.blocks.shape[1] * NS_PER_SAMPLE

    def stretches(self, away_ns: int, shortest: int = 100) -> Iterator[Stretch]:
        """The parts so far away from all xruns, of at least so many blocks.

        JACK's own map from samples to times is of no use for this: after an xrun it begins again
        at whatever time the server was woken, and takes seconds to forget that (jackd 1.9.21). The dummy
        driver sleeps until full periods of its timer, which begins anew at an xrun.
        """
        borders = np.array([0, *self.xruns_ns, self.woken_ns[-1] + 2 * away_ns])
        for before, after in itertools.pairwise(borders):
            begin, end = np.searchsorted(self.woken_ns, (before + away_ns, after - away_ns))
            if end - begin >= shortest:
                late_ns = self.woken_ns[begin:end] - np.arange(begin, end) * self.period_ns
                yield Stretch(int(begin), int(end), float(np.percentile(late_ns, EARLIEST)))


class Ear:
    """Listens from `with` to its end; `heard` may be asked meanwhile."""

    def __init__(self, environment: Mapping[str, str], seconds: float, name: str = "ear") -> None:
        """Of the server that the environment names; keeps at most so many seconds."""
        # The library asks the process for it, when it opens a client.
        with patch.dict(os.environ, environment):
            import jack

            self._client = jack.Client(name, no_start_server=True)
        self._port = self._client.inports.register("in")
        most = int(seconds * SAMPLE_RATE / self._client.blocksize)
        self._blocks = np.zeros((most, self._client.blocksize), np.float32)
        self._woken_ns = np.zeros(most, np.int64)
        self._xruns_ns: list[int] = []
        self._count = 0
        self._client.set_process_callback(self._hear)
        self._client.set_xrun_callback(lambda _: self._xruns_ns.append(time.monotonic_ns()))

    def __enter__(self) -> "Ear":
        self._client.activate()
        return self

    def __exit__(self, *error: object) -> None:
        self._client.deactivate()
        self._client.close()

    def connect(self, port: str) -> bool:
        """Listen to a port from now on, if it is there; whether it does."""
        import jack

        if not self._client.get_ports(port):
            return False
        if not self._client.get_all_connections(self._port):
            # It may go just now.
            with suppress(jack.JackErrorCode):
                self._client.connect(port, self._port)
        return bool(self._client.get_all_connections(self._port))

    def heard(self, seconds: float | None = None) -> Recording:
        """All so far, or the last seconds of it."""
        end = self._count
        blocks = end if seconds is None else round(seconds * SAMPLE_RATE / self._blocks.shape[1])
        kept = slice(max(end - blocks, 0), end)
        return Recording(self._blocks[kept], self._woken_ns[kept], tuple(self._xruns_ns))

    def _hear(self, frames: int) -> None:
        n = self._count
        if n < len(self._blocks):
            since = self._client.frames_since_cycle_start
            self._woken_ns[n] = time.monotonic_ns() - round(since * NS_PER_SAMPLE)
            self._blocks[n] = np.frombuffer(self._port.get_buffer(), np.float32)
            self._count = n + 1
