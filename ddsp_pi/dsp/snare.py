"""A snare after the TR-808: two bent sines and high-passed noise, saturated together.

The topology is that of J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping with
differentiable DSP" (NIME 2024). Everything but the high-pass is in closed form: a sample depends on nothing
but the time since its strike, so nothing drifts, and any cut into pieces plays the same. Theirs falls by a
factor of 1 − 6.91 / N a sample; here it is exactly 60 dB in N samples, from the peak 1 ms after the strike.
"""

from functools import cache, lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hits import (
    AGE,
    ATTACK,
    BAND,
    CUTOFF,
    DEEPEST,
    FALL_MOD,
    FALL_NOISE,
    GAIN_1,
    GAIN_NOISE,
    LEFT,
    LOSS,
    LOW,
    MOD_1,
    MOD_2,
    PITCH_1,
    PITCH_2,
    SILENT,
    Hits,
    fade,
    levels,
)
from ddsp_pi.frame import HOP

NOISE_SAMPLES = 1 << 16
"""1.4 seconds, which then come again: the tails of the longest hits only."""

Array = NDArray[np.float64]


@cache
def drum_noise() -> NDArray[np.float32]:
    """(NOISE_SAMPLES,) white noise in −1..1, the same everywhere and for ever.

    From the raw numbers of the generator, which numpy keeps as they are; 24 bits fit a float.
    """
    raw = np.random.PCG64(808).random_raw(NOISE_SAMPLES) >> np.uint64(40)
    return (raw.astype(np.float64) / 2.0**23 - 1.0).astype(np.float32)


class Snare(Protocol):
    """Plays the hits that are struck, piece by piece.

    One source of noise runs on all the time and is heard through each hit, as in the machine: a hit is
    never quite the one before. Each hit is saturated by itself, so its sound does not depend on what
    else rings; the sum of many may leave −1..1.
    """

    hits: Hits

    @property
    def clock(self) -> int:
        """Samples since the reset; the noise of the next one is number clock mod NOISE_SAMPLES."""

    def render(self, n: int) -> NDArray[np.float32]:
        """(n,) next samples, 1 ≤ n ≤ HOP, all hits summed; valid until the next call."""

    def reset(self) -> None:
        """No hit rings, and the noise starts from its begin."""


class NumpySnare:
    """The definition of the sound."""

    def __init__(self) -> None:
        self.hits = Hits()
        self.clock = 0
        self._noise = drum_noise()
        self._out = np.zeros(HOP, np.float32)

    def reset(self) -> None:
        """See Snare."""
        self.hits.reset()
        self.clock = 0

    def render(self, n: int) -> NDArray[np.float32]:
        """See Snare."""
        out, rows = self._out[:n], np.flatnonzero(self.hits.table[:, LEFT])
        if len(rows):
            hits = self.hits.table[rows]
            out[:] = self._play(hits, n)
            self.hits.table[rows] = hits
        else:
            out[:] = 0.0
        self.clock = (self.clock + n) % NOISE_SAMPLES
        return out

    def _play(self, hits: Array, n: int) -> Array:
        """(n,) samples of some hits, which move on by as many."""
        at, samples = hits[:, :, None], np.arange(n)
        age = np.maximum(at[:, AGE] + samples, -1.0)
        falling = envelope(age[:, None], at[:, FALL_MOD : FALL_NOISE + 1])
        moved = swept(age, at[:, FALL_MOD], falling[:, 0])
        turns = at[:, PITCH_1 : PITCH_2 + 1] * (age[:, None] + at[:, MOD_1 : MOD_2 + 1] * moved[:, None])
        sounds = np.empty((len(hits), 3, n))
        sounds[:, :2] = np.sin(2.0 * np.pi * (turns - np.rint(turns))) * falling[:, 1:3]
        noise = self._noise.take(self.clock + samples, mode="wrap")
        for hit, hissing, out in zip(hits, noise * falling[:, 3], sounds[:, 2], strict=True):
            highpass(hit, hissing, out)
        sums = (at[:, GAIN_1 : GAIN_NOISE + 1] * sounds).sum(axis=1)
        out = (np.tanh(sums) * fade(at[:, LEFT] - samples)).sum(axis=0)
        _move(hits, n)
        return np.asarray(out)


def _move(hits: Array, n: int) -> None:
    """So many samples later; those that have ended are none any more."""
    hits[:, AGE] += n
    hits[:, LEFT] = np.maximum(hits[:, LEFT] - n, 0.0)
    hits[levels(hits) < SILENT, LEFT] = 0.0


def envelope(age: Array, fall: Array) -> Array:
    """Gains at samples since a strike, −1 being before it: a linear rise to 1, then exponential.

    Args:
        fall: nepers per sample.
    """
    falling = np.exp(-np.minimum(fall * (age - (ATTACK - 1.0)), DEEPEST))
    return np.asarray(np.where(age < ATTACK, (age + 1.0) / ATTACK, falling))


def swept(age: Array, fall: Array, falling: Array) -> Array:
    """The sum of an envelope over all samples before one: how far a bend has carried the phase.

    Args:
        falling: the envelope itself.
    """
    rest = np.exp(-fall)
    fallen = (ATTACK + 1.0) / 2.0 + (rest - falling) / -np.expm1(-fall)
    return np.asarray(np.where(age < ATTACK, age * (age + 1.0) / (2.0 * ATTACK), fallen))


def highpass(hit: Array, signal: Array, out: Array) -> None:
    """Filter n ≤ HOP samples of one hit, whose states move on.

    A state-variable filter with trapezoidal integrators (V. Zavalishin, "The Art of VA Filter Design", 2012):
    the response of the usual biquad, but well behaved at 20 Hz, and its states are energies.
    """
    answer, n = _answer(float(hit[CUTOFF]), float(hit[LOSS])), len(signal)
    states = hit[BAND : LOW + 1]
    out[:] = np.convolve(signal, answer.impulse[:n])[:n]
    out += states @ answer.ringing[:, :n]
    states[:] = answer.powers[n] @ states + answer.taken[:, HOP - n :] @ signal


class _Answer(NamedTuple):
    """What the filter makes of an impulse and of its states, sample by sample."""

    impulse: Array
    """(HOP,)"""
    ringing: Array
    """(2, HOP) output for states of 1."""
    powers: Array
    """(HOP + 1, 2, 2) states for states of 1."""
    taken: Array
    """(2, HOP) states that an impulse leaves at the end of the hop, by where in the hop it is."""


@lru_cache(maxsize=64)
def _answer(cutoff: float, loss: float) -> _Answer:
    share = 1.0 / (1.0 + cutoff * (cutoff + loss))
    enters = 2.0 * cutoff * share
    step = np.array([[2.0 * share - 1.0, -enters], [enters, 1.0 - cutoff * enters]])
    powers = np.empty((HOP + 1, 2, 2))
    powers[0], filled = np.eye(2), 1
    while filled <= HOP:
        more = min(filled, HOP + 1 - filled)
        powers[filled : filled + more] = powers[:more] @ (powers[filled - 1] @ step)
        filled += more
    taken = (powers[:HOP] @ np.array([enters, cutoff * enters])).T
    heard = np.array([-share * (cutoff + loss), -share])
    impulse = np.append(share, heard @ taken[:, :-1])
    ringing = (heard @ powers[:HOP]).T
    return _Answer(impulse, ringing.copy(), powers, np.ascontiguousarray(taken[:, ::-1]))
