"""What `ddsp-pi bench` says, as data: every figure it prints is in here, or made of what is."""

import math

import msgspec

from ddsp_pi.frame import HOP, SAMPLE_RATE

REFERENCE_HZ = 440.0
"""Pitch at which the reference sounds."""

SHARE = 0.75
"""Of one core that voices may take: beyond, the engine leaves work out."""


class Cost(msgspec.Struct, frozen=True):
    """Of many calls, in microseconds.

    Wall time is what a period must hold, with whatever else the machine did meanwhile. The thread's
    own time is what the work itself takes, and what ratios are made of.
    """

    calls: int
    median_us: float
    p99_us: float
    p999_us: float
    max_us: float
    cpu_us: float
    """Median of the thread's own time."""
    cpu_least_us: float
    """Its least: what a machine without neighbours would need."""
    cpu_mean_us: float
    """Its mean: what counts where blocks are shorter than a hop, as only some of them begin one."""


class Row(msgspec.Struct, frozen=True):
    """One piece of work, on one kernel."""

    kernel: str
    stage: str
    voices: int
    samples: int
    """Of sound that a call makes."""
    cost: Cost

    @property
    def share(self) -> float:
        """Of the time that its samples last, spent on it."""
        return self.cost.cpu_mean_us * 1e-6 * SAMPLE_RATE / self.samples


class Histogram(msgspec.Struct, frozen=True):
    """How often a call took how long. Bin i holds low_us[i] ≤ time < low_us[i + 1]."""

    low_us: list[float]
    counts: list[int]


class Line(msgspec.Struct, frozen=True):
    """Cost of a block over its number of voices, as a straight line of least squares."""

    fixed_us: float
    voice_us: float
    eight_to_one: float
    """Cost of eight voices over that of one."""

    @property
    def voices(self) -> int:
        """That fit into a core's SHARE."""
        return max(math.floor((SHARE * HOP * 1e6 / SAMPLE_RATE - self.fixed_us) / self.voice_us), 0)


class Start(msgspec.Struct, frozen=True):
    """An engine's process from nothing to sound, in seconds, and its memory."""

    imported_s: float
    """Until Python runs and has imported everything."""
    loaded_s: float
    """From there, until instrument, mode and link are there and warm."""
    first_block_s: float
    """From the beginning to the end of the first block."""
    memory_mb: float
    """Resident after two seconds of sound."""


class Stretch(msgspec.Struct, frozen=True):
    """One of the waits between a jack and the sound, in milliseconds."""

    what: str
    least_ms: float
    most_ms: float


class Budget(msgspec.Struct, frozen=True):
    """From a jack to the line output, stretch by stretch, for one period."""

    period: int
    gate: list[Stretch]
    cv: list[Stretch]


class Machine(msgspec.Struct, frozen=True):
    """What it was measured on."""

    processor: str
    cores: int
    system: str
    python: str
    load: float
    """Of the machine over the last minute, when it began: whatever else ran there."""


class KernelReport(msgspec.Struct, frozen=True):
    """What is known of one kernel besides its rows."""

    name: str
    decoder: str
    """Class of the decoder."""
    line: Line
    control_us: float
    """Of a block of one voice, what is none of the stages: routing, events, envelopes, colder caches."""
    faster: float
    """Times faster than the reference at one voice: ratio of the medians of the thread's own time."""
    faster_at_best: float
    """Ratio of the least times. Neighbours in the caches slow the reference most, which flatters us."""
    back_to_back: Histogram
    paced: Cost
    """One block per period, as when playing: caches and clocks cool down between two of them."""
    paced_times: Histogram
    start: Start


class Report(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    command: str
    machine: Machine
    model: str
    n_harmonics: int
    n_bands: int
    hidden: int
    block_samples: int
    block_us: float
    rows: list[Row]
    reference: str
    """What the reference is, in words."""
    reference_cost: Cost
    kernels: list[KernelReport]
    missing: list[str]
    """Kernels that are not there, and why."""
    scheduling: str
    """Of the thread while it was paced; the rest was timed without any privilege."""
    budgets: list[Budget]
    took_s: float

    def cost(self, kernel: str, stage: str, voices: int = 1, samples: int = HOP) -> Cost:
        """Of one row.

        Raises:
            KeyError: it was not measured.
        """
        wanted = (kernel, stage, voices, samples)
        for row in self.rows:
            if (row.kernel, row.stage, row.voices, row.samples) == wanted:
                return row.cost
        raise KeyError(wanted)
