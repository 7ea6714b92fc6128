"""Interim."""

from typing import Protocol

from ddsp_pi.frame import SAMPLE_RATE, nanoseconds


class Clock(Protocol):
    def block(self, n: int) -> None: ...
    def sample(self, at_ns: int) -> int: ...
    def time_ns(self, sample: int) -> int: ...


class SampleCount:
    def block(self, n: int) -> None: ...

    def sample(self, at_ns: int) -> int:
        return round(at_ns * SAMPLE_RATE / 1e9)

    def time_ns(self, sample: int) -> int:
        return nanoseconds(sample)
