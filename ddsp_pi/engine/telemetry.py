"""Counters the engine keeps about itself."""

import msgspec

from ddsp_pi.modes.outside import Outside


class Telemetry(msgspec.Struct):
    """Written by the render loop only, read by anyone."""

    blocks: int = 0
    load: float = 0.0
    """Share of the time there was, smoothed over about 100 blocks."""
    worst_load: float = 0.0
    xruns: int = 0
    missed: int = 0
    """Periods that the audio server or card did not wait for."""
    rejected_samples: int = 0
    """Samples that were not finite and were silenced."""
    peak: float = 0.0
    """Highest output level so far, 1 = full scale."""
    shed: int = 0
    """Steps of work that are left out now because there is no time for them."""
    most_shed: int = 0

    sounding_samples: int = 0
    """Samples so far while a note sounded."""
    outside_pitch: bool = False
    """Whether a note sounds outside the pitches that the instrument was trained on."""
    outside_pitch_samples: int = 0
    outside_loudness: bool = False
    """Whether a note is asked for outside the loudnesses that the instrument was trained on."""
    outside_loudness_samples: int = 0

    def count(self, load: float, peak: float) -> None:
        """One more block."""
        self.blocks += 1
        self.load += (load - self.load) * 0.01
        if load > self.worst_load:
            self.worst_load = load
        self.peak = peak

    def count_outside(self, outside: Outside, n: int) -> None:
        """So many more samples, inside or outside what the instrument has learned."""
        self.outside_pitch, self.outside_loudness = outside.pitch, outside.loudness
        if outside.sounding:
            self.sounding_samples += n
        if outside.pitch:
            self.outside_pitch_samples += n
        if outside.loudness:
            self.outside_loudness_samples += n
