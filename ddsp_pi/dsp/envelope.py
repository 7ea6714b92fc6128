"""Gate → gain: an attack/decay/sustain/release envelope whose edges fall on any sample."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

SETTLED = 1e-6
"""−120 dB: nearer than this to its target, the gain has arrived."""

_FALL_60_DB = np.log(1000.0)


@dataclass(frozen=True, slots=True)
class Shape:
    """Times in seconds, sustain as a gain 0..1.

    Attack is the time of a linear rise from silence to 1. Decay and release are exponential and
    fall by 60 dB of their way in the stated time.
    """

    attack_s: float
    decay_s: float
    sustain: float
    release_s: float


class Envelope:
    """ADSR envelope. A retrigger rises from where the gain is, so it never clicks."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Silent, gate closed."""
        self.gain = 0.0
        self.gate = False
        self._rising = False

    def ahead(self, shape: Shape, samples: int) -> float:
        """The gain so many samples on if no edge comes and decay and release stood still."""
        rise = samples / max(shape.attack_s * SAMPLE_RATE, 1.0) if self._rising else 0.0
        return min(self.gain + rise, 1.0)

    def move(self, high: bool) -> None:
        """The gate opens, again or for the first time, or closes, before the next sample."""
        self.gate = self._rising = high

    def render(self, shape: Shape, out: NDArray[np.float32]) -> None:
        """Write the gain of n = len(out) samples; the times are constant over them."""
        if self._rising and len(out):
            out = out[self._rise(shape.attack_s, out) :]
        if len(out):
            self._approach(*((shape.sustain, shape.decay_s) if self.gate else (0.0, shape.release_s)), out)

    def _rise(self, attack_s: float, out: NDArray[np.float32]) -> int:
        """Rise linearly; returns how many samples it took of those there are."""
        step = 1.0 / max(attack_s * SAMPLE_RATE, 1.0)
        needed = max(int(np.ceil((1.0 - self.gain) / step)), 1)
        n = min(needed, len(out))
        out[:n] = np.minimum(self.gain + step * np.arange(1, n + 1), 1.0)
        self.gain = min(self.gain + step * n, 1.0)
        self._rising = n < needed
        return n

    def _approach(self, target: float, seconds: float, out: NDArray[np.float32]) -> None:
        if self.gain == target:
            out[:] = target
            return
        gains = target + (self.gain - target) * _fall(seconds, len(out))
        out[:] = gains
        self.gain = float(gains[-1])
        if abs(self.gain - target) < SETTLED:
            self.gain = target


@lru_cache(maxsize=32)
def _fall(seconds: float, n: int) -> NDArray[np.float64]:
    """What is left of a distance after 1…n samples. Kept, because times rarely change and exp costs."""
    return np.asarray(np.exp(-_FALL_60_DB / max(seconds * SAMPLE_RATE, 1.0) * np.arange(1, n + 1)))
