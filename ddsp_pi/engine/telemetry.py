"""Counters the engine keeps about itself."""

from dataclasses import dataclass


@dataclass(slots=True)
class Telemetry:
    """Written by the render loop only, read by anyone."""

    blocks: int = 0
    load: float = 0.0
    """Share of the time there was, smoothed over about 100 blocks."""
    worst_load: float = 0.0
    xruns: int = 0
    rejected_samples: int = 0
    """Samples that were not finite and were silenced."""
    peak: float = 0.0
    """Highest output level so far, 1 = full scale."""

    def count(self, load: float, peak: float) -> None:
        """One more block."""
        self.blocks += 1
        self.load += (load - self.load) * 0.01
        self.worst_load = max(self.worst_load, load)
        self.peak = peak
