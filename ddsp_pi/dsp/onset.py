"""Finds the hits of a drum in live audio, a millisecond after they begin.

High-pass → RMS of short cells in dB, clipped from below at what need not be heard → a follower that is fast
against one that is slow. A hit is where the first rises above the second by `on_db`; the next one may come
when they have met again. Two things need not be heard: the noise floor, which is learnt while it plays, and
what a drum still does after a hit (rattle, beating, the stick put down), which is a mask that falls. With
both of them fixed and cells of one sample this is the detector of amplitude slicers (Tremblay et al., 2019,
the FluCoMa toolkit) that torchdrum uses; its settings are one of the modes.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.onset_settings import MODES, OnsetSettings, law_of
from ddsp_pi.frame import HOP

LOOK = 96
"""Samples before it was noticed in which the beginning of a hit is looked for."""

SHARE = 0.5
"""It is where the click of the stick first has this share of its highest value there,"""

CLEAR = 2.5
"""and this many times the RMS of as many samples before those."""

MOST = 0.9
"""Both of them ask for no more than this share of the highest value."""

PAST = 512
"""Samples that are remembered for it, a power of two."""

START_DB = -50.0
"""The noise floor before anything was heard."""

LOUDEST = 1000.0
"""A sample that is larger, or no number, is taken as 0."""

NO_POWER, NO_PEAK = 1e-20, 1e-10
NOTHING = 1e-15
"""A smaller state of the filter is 0, before it gets denormal, and slow."""

LONG_AGO = -(2**40)


@dataclass(frozen=True, slots=True)
class Onset:
    """One hit that has begun."""

    time: float
    """When, in samples since the reset, with fractions."""
    heard_at: int
    """How many samples had been heard when it was noticed."""
    peak_db: float
    """How strong so far: the peak in dBFS of the last 2 ms before it was noticed, with what still rang."""
    rise_db: float
    """How far the fast follower was above the slow one."""
    certainty: float
    """0…1: 0.5 where it rose by just enough, 1 at twice that."""


class OnsetDetector(Protocol):
    """Hears hits; the size of the pieces makes no difference to what it hears."""

    @property
    def floor_db(self) -> float:
        """The noise floor as learnt so far, dBFS behind the high-pass."""

    def tune(self, settings: OnsetSettings) -> None:
        """Go on with other settings; what was heard is remembered."""

    def hear(self, piece: NDArray[np.float32]) -> Onset | None:
        """Take (n,) samples, n ≤ HOP; the hit that was noticed in them, if there is one.

        Raises:
            ValueError: the piece is longer.
        """

    def reset(self) -> None:
        """Forget what was heard; samples count from 0 again."""


class PythonOnsets:
    """See OnsetDetector; the definition, and what plays where there is no C compiler."""

    def __init__(self, settings: OnsetSettings = MODES["normal"]) -> None:
        self._law = law_of(settings)
        self.reset()
        self.tune(settings)

    def reset(self) -> None:
        """See OnsetDetector."""
        law = self._law
        self._past = np.zeros(PAST)
        self._z1 = self._z2 = self._energy = self._rise = 0.0
        self._floor: float = min(max(START_DB, law["lowest"]), law["highest"])
        self._fast: float = self._floor + law["margin"]
        self._slow: float = self._fast
        self._envelope = self._mask = -math.inf
        self._position, self._filled, self._last, self._armed = 0, 0, LONG_AGO, True

    @property
    def floor_db(self) -> float:
        """See OnsetDetector."""
        return self._floor

    def tune(self, settings: OnsetSettings) -> None:
        """See OnsetDetector."""
        self._law = law = law_of(settings)
        self._taps = tuple(law[name] for name in ("b0", "b1", "a1", "a2"))
        # A floor that is lifted lifts both followers, or the fast one would be first and look like a hit.
        self._floor = min(max(self._floor, law["lowest"]), law["highest"])
        self._fast = max(self._fast, self._floor + law["margin"])
        self._slow = max(self._slow, self._floor + law["margin"])

    def hear(self, piece: NDArray[np.float32]) -> Onset | None:
        """See OnsetDetector."""
        length, at, found = len(piece), 0, None
        check_length(length)
        # Written so that a NaN, which no comparison holds for, counts as too loud.
        clean = np.where(np.abs(piece) <= LOUDEST, piece, 0.0)
        if length:
            self._past[:-length], self._past[-length:] = self._past[length:], clean
        values = clean.tolist()
        while at < length:
            # At least one: other settings may have smaller cells than what is filled.
            taken = min(max(int(self._law["cell"]) - self._filled, 1), length - at)
            self._filter(values[at : at + taken])
            at += taken
            found = self._count(taken, length - at) or found
        return found

    def _filter(self, values: list[float]) -> None:
        """Add the energy of more samples of the cell, behind the high-pass."""
        b0, b1, a1, a2 = self._taps
        z1, z2, energy = self._z1, self._z2, self._energy
        for value in values:
            out = b0 * value + z1
            z1 = b1 * value - a1 * out + z2
            z2 = b0 * value - a2 * out
            energy += out * out
        self._z1, self._z2, self._energy = z1, z2, energy

    def _count(self, taken: int, to_come: int) -> Onset | None:
        """What samples of the cell, now filtered, mean; of the piece there are some to come."""
        self._position += taken
        self._filled += taken
        if self._filled < self._law["cell"]:
            return None
        level = 10.0 * math.log10(self._energy / self._filled + NO_POWER)
        self._energy, self._filled = 0.0, 0
        self._z1 = self._z1 if abs(self._z1) > NOTHING else 0.0
        self._z2 = self._z2 if abs(self._z2) > NOTHING else 0.0
        if not self._weigh(level):
            return None
        self._armed, self._last = False, self._position
        return self._tell(PAST - to_come)

    def _weigh(self, level: float) -> bool:
        """Whether the level in dB of one cell begins a hit."""
        law, before = self._law, self._rise
        self._learn(level)
        heard = max(level, self._floor + law["margin"], self._mask)
        self._fast += (heard - self._fast) * law["fast_up" if heard > self._fast else "fast_down"]
        self._slow += (heard - self._slow) * law["slow_up" if heard > self._slow else "slow_down"]
        self._mask = max(self._mask - law["mask_fall"], self._fast - law["mask_depth"])
        self._rise = self._fast - self._slow
        self._armed = self._armed or self._rise < law["off"]
        rested = self._position - self._last >= law["hold"]
        return self._armed and rested and before < law["on"] <= self._rise

    def _learn(self, level: float) -> None:
        law = self._law
        self._envelope = max(level, self._envelope - law["envelope_fall"])
        step = law["floor_up"] if self._envelope > self._floor else -law["floor_down"]
        self._floor = min(max(self._floor + step, law["lowest"]), law["highest"])

    def _tell(self, end: int) -> Onset:
        """The hit that was just noticed; the past counts up to its sample `end`."""
        peak = float(np.abs(self._past[end - LOOK : end]).max())
        certainty = certainty_of(self._rise, self._law["on"])
        return Onset(self._beginning(end), self._position, peak_db_of(peak), self._rise, certainty)

    def _beginning(self, end: int) -> float:
        """When the click of the stick stood out.

        A ringing drum has hardly any of it, for it is looked for in the second difference.
        """
        power = np.diff(self._past[end - 2 * LOOK - 4 : end], 2) ** 2
        # Smoothed over three: of one alone it would hang on where between the samples the click falls.
        clicks = np.sqrt(power[:-2] + 2.0 * power[1:-1] + power[2:])
        quiet, here = clicks[:LOOK], clicks[LOOK:]
        highest, rms = here.max(), math.sqrt(quiet @ quiet / LOOK)
        wanted = min(max(SHARE * highest, CLEAR * rms), MOST * highest)
        at = int((here >= wanted).argmax())
        below = clicks[LOOK + at - 1]
        risen = here[at] - below
        fraction = float((wanted - below) / risen) if risen > 0.0 and wanted > below else 0.0
        return max(0.0, self._position - LOOK + at - 1 + fraction)


def peak_db_of(peak: float) -> float:
    """A peak of ±1 in dBFS."""
    return 20.0 * math.log10(peak + NO_PEAK)


def certainty_of(rise_db: float, on_db: float) -> float:
    """0.5 for a rise by just enough, 1 for twice that."""
    return min(1.0, 0.5 * rise_db / on_db) if on_db > 0.0 else 1.0


def check_length(length: int) -> None:
    """Raise ValueError for pieces that could hold two hits."""
    if length > HOP:
        raise ValueError(f"a piece of {length} samples; cut it into pieces of at most {HOP}")
