"""Gate → gain: attack/decay/sustain/release envelopes whose edges fall on any sample."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.frame import SAMPLE_RATE

SETTLED = 1e-6
"""−120 dB: nearer than this to its target, the gain has arrived."""

CLOSED, OPEN, RISING = 0.0, 1.0, 2.0
"""Phases: falling to silence, falling to the sustain gain, rising to full gain."""

GAIN, PHASE, RISE, SUSTAIN, DECAY, RELEASE = range(6)
"""Columns of the table; RISE is per sample, DECAY and RELEASE are what a sample leaves of the way."""


class Shape(NamedTuple):
    """Times in seconds, sustain as a gain 0..1.

    Attack is the time of a linear rise from silence to 1. Decay and release are exponential and
    fall by 60 dB of their way in the stated time.
    """

    attack_s: float
    decay_s: float
    sustain: float
    release_s: float


ABRUPT = Shape(0.0, 0.0, 1.0, 0.0)
"""On and off within a sample."""


class Envelopes:
    """Gains of V gates. A retrigger rises from where the gain is, so it never clicks.

    State and shapes are one table of doubles, (V, 6), which compiled code may read and advance.
    """

    def __init__(self, voices: int) -> None:
        self.table = np.zeros((voices, 6))
        self._cells = cells(self.table)
        self._shapes: list[Shape | None] = [None] * voices
        self._halves = self.table[: voices // 2], self.table[voices // 2 : voices // 2 * 2]
        for voice in range(voices):
            self.shape(voice, ABRUPT)

    def reset(self) -> None:
        """All silent and closed; shapes stay."""
        self.table[:, (GAIN, PHASE)] = 0.0, CLOSED

    def follow(self, other: "Envelopes") -> None:
        """Go on where others are, with their shapes."""
        self.table[:] = other.table
        self._shapes = other._shapes.copy()

    def echo(self, sounds: bool) -> None:
        """The second half of the gates stands where the first does, or is silent and closed."""
        first, second = self._halves
        if sounds:
            np.copyto(second, first)
        else:
            second[:, (GAIN, PHASE)] = 0.0, CLOSED

    def shape(self, voice: int, shape: Shape) -> None:
        """Set the times of a voice from the next sample on."""
        if self._shapes[voice] == shape:
            return
        self._shapes[voice], row = shape, self._cells
        row[voice, RISE] = 1.0 / max(shape.attack_s * SAMPLE_RATE, 1.0)
        row[voice, SUSTAIN] = shape.sustain
        row[voice, DECAY], row[voice, RELEASE] = _left(shape.decay_s), _left(shape.release_s)

    def move(self, voice: int, high: bool) -> None:
        """The gate opens, again or for the first time, or closes, before the next sample."""
        self._cells[voice, PHASE] = RISING if high else CLOSED

    def gain(self, voice: int) -> float:
        """The gain of the last sample."""
        return self._cells[voice, GAIN]

    def ahead(self, voice: int, samples: int) -> float:
        """The gain so many samples on if no edge comes and decay and release stood still."""
        row = self._cells
        gain = row[voice, GAIN]
        if row[voice, PHASE] == RISING:
            gain += samples * row[voice, RISE]
        return gain if gain < 1.0 else 1.0

    def steady(self, voice: int) -> float | None:
        """The gain of every sample to come until the next edge; None while it moves."""
        row = self._cells
        phase, gain = row[voice, PHASE], row[voice, GAIN]
        target = row[voice, SUSTAIN] if phase == OPEN else 0.0
        return float(gain) if gain == target and phase != RISING else None

    def render(self, voice: int, out: NDArray[np.float32]) -> None:
        """Write the gain of n = len(out) samples of one voice."""
        if self._cells[voice, PHASE] == RISING and len(out):
            out = out[self._rise(voice, out) :]
        if len(out):
            self._approach(voice, out)

    def _rise(self, voice: int, out: NDArray[np.float32]) -> int:
        """Rise linearly; returns how many samples it took of those there are."""
        row = self._cells
        gain, step = row[voice, GAIN], row[voice, RISE]
        needed = max(math.ceil((1.0 - gain) / step), 1)
        n = min(needed, len(out))
        out[:n] = np.minimum(gain + step * np.arange(1, n + 1), 1.0)
        row[voice, GAIN] = min(gain + step * n, 1.0)
        row[voice, PHASE] = RISING if n < needed else OPEN
        return n

    def _approach(self, voice: int, out: NDArray[np.float32]) -> None:
        row = self._cells
        is_open = row[voice, PHASE] == OPEN
        target = row[voice, SUSTAIN] if is_open else 0.0
        gain = row[voice, GAIN]
        if gain == target:
            out[:] = target
            return
        gains = target + (gain - target) * _fall(row[voice, DECAY if is_open else RELEASE], len(out))
        out[:] = gains
        gain = float(gains[-1])
        row[voice, GAIN] = target if abs(gain - target) < SETTLED else gain


def _left(seconds: float) -> float:
    """What a sample leaves of a distance that shrinks by 60 dB in so many seconds."""
    return math.exp(-math.log(1000.0) / max(seconds * SAMPLE_RATE, 1.0))


@lru_cache(maxsize=32)
def _fall(left: float, n: int) -> NDArray[np.float64]:
    """What is left of a distance after 1…n samples. Kept, because times rarely change and exp costs."""
    return np.asarray(left ** np.arange(1.0, n + 1))
