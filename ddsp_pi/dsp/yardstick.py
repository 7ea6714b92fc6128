"""What the hits of one drum are measured by: how far they reach, and which of them is the usual one.

Two drums, or one behind another gain of the microphone, are not alike in their numbers, but what is loud or
bright for each of them can be learned while it is played.
"""

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import NamedTuple

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import FEATURES, UNKNOWN, Normaliser, Ranges, checked_range
from ddsp_pi.errors import ConfigError

MIDDLE = UNKNOWN
"""Of a range 0..1: a hit of which nothing else is known."""

RECENT = 256
"""Hits whose median is the usual one."""

FEW = 8
"""So many hits count what a mapper says of the usual one, before any was heard."""

PEAK = "peak_db"
"""How loud the begin of a hit is, before all of it is heard; its usual one is not asked for."""


class _Entry(NamedTuple):
    """A hit, or what stands in the place of one."""

    features: HitFeatures
    is_heard: bool


Measures = dict[str, list[float]]
"""Plain data, for files and messages: [lowest, usual, highest] of each feature, [lowest, highest] of PEAK."""


class Yardstick:
    """Learns of every hit, while `learning`; what a mapper was trained with is where it begins.

    The usual hit is as loud, as bright and as noisy as the median of the last ones.
    """

    def __init__(self, ranges: Ranges | None = None, reference: HitFeatures | None = None) -> None:
        self.learning = True
        self._ranges, self._reference = ranges or {}, reference
        self._saved: Measures = {}
        self._measure, self._heard, self._levels = Normaliser(), Normaliser(), Levels()
        self.reset()

    def reset(self) -> None:
        """As at the start, or as when the measures of a drum were last loaded."""
        self._is_own = False
        self._heard.reset()
        self._levels.reset()
        self._measure.load(self._ranges)
        self._usual = _Usual(self._reference, FEW)
        if self._saved:
            self.load(self._saved)

    def relearn(self) -> None:
        """Nothing is known: another drum is played."""
        self._is_own, self._saved = True, {}
        self._heard.reset()
        self._measure.reset()
        self._levels.reset()
        self._usual = _Usual(None, 0)

    def begin_with(self, ranges: Ranges, reference: HitFeatures | None) -> None:
        """Another mapper is asked: it has been trained with these. What was learned of a drum stays."""
        self._ranges, self._reference = ranges, reference
        if not self._is_own:
            self._measure.load(_wider(ranges, self._heard.save()))
            self._usual.begin_with(reference, FEW)

    def load(self, measures: Mapping[str, Sequence[float]]) -> None:
        """Take what `save` gave, of a drum that is played again.

        Raises:
            ConfigError: they are not such measures; nothing has changed then.
        """
        self._saved = checked_measures(measures)
        ranges = {name: [low, high] for name, (low, _, high) in _features(self._saved).items()}
        usual = {name: row[1] for name, row in _features(self._saved).items()}
        self._is_own = True
        self._heard.load(ranges)
        self._measure.load(ranges)
        self._levels.load(self._saved.get(PEAK))
        # A drum that is known needs many hits to be another one.
        self._usual = _Usual(HitFeatures(**usual) if len(usual) == len(FEATURES) else None, RECENT)

    def save(self) -> Measures:
        """What is known; empty, as long as no hit was heard."""
        usual, ranges, peak = self._usual.hit, self._measure.save(), self._levels.save()
        if usual is None or not self._heard.save():
            return {}
        known = {name: [low, _held(usual, name, low, high), high] for name, (low, high) in ranges.items()}
        return known | ({PEAK: peak} if peak else {})

    def difference(self, features: HitFeatures) -> tuple[float, ...]:
        """(3,) how far a hit is from the usual one, −1..1; it belongs to what it is measured by.

        0 where no range is known yet. Without a reference from the start it is the middle of the ranges.
        """
        self._measure.learning = self.learning
        if self.learning:
            self._heard.normalise(features)
            self._usual.take(features)
        if self._reference is None:
            return tuple(place - MIDDLE for place in self._measure.normalise(features))
        return self._measure.centred(features, self._usual.hit or features)

    def loudness(self, peak_db: float) -> float:
        """How loud the begin of a hit is among those before it, 0..1."""
        return self._levels.place(peak_db, self.learning)


class _Usual:
    """The median of each feature of the last hits; of an even number the upper one.

    Not the hit of median loudness: whether that one was on the rim or a brush is chance, and would shift all
    that is answered.
    """

    def __init__(self, begin: HitFeatures | None, count: int) -> None:
        """`begin` is as if so many hits like it had been heard; None: none was."""
        self._order: deque[_Entry] = deque()
        self.begin_with(begin, count)

    def begin_with(self, begin: HitFeatures | None, count: int) -> None:
        """The same beside the hits that were heard, in the place of what it began with before."""
        copies = [] if begin is None else [_Entry(begin, False)] * count
        self._order = deque([*copies, *(entry for entry in self._order if entry.is_heard)][-RECENT:])
        rows = [astuple(entry.features) for entry in self._order]
        self._columns = [sorted(column) for column in zip(*rows, strict=True)] or [[] for _ in FEATURES]

    @property
    def hit(self) -> HitFeatures | None:
        """The usual one; None: none was heard."""
        if not self._order:
            return None
        return HitFeatures(*(column[len(column) // 2] for column in self._columns))

    def take(self, features: HitFeatures) -> None:
        """One more; the oldest leaves."""
        if len(self._order) == RECENT:
            for column, value in zip(self._columns, astuple(self._order.popleft().features), strict=True):
                del column[bisect_left(column, value)]
        self._order.append(_Entry(features, True))
        for column, value in zip(self._columns, astuple(features), strict=True):
            insort(column, value)


class Levels:
    """How loud a hit is among those before it, from a single number."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was heard."""
        self._lowest, self._highest = math.inf, -math.inf

    def load(self, row: Sequence[float] | None) -> None:
        """Take what `save` gave; None: nothing was heard."""
        self._lowest, self._highest = row or (math.inf, -math.inf)

    def save(self) -> list[float]:
        """Lowest and highest; empty: nothing was heard."""
        return [self._lowest, self._highest] if self._lowest <= self._highest else []

    def place(self, level_db: float, learning: bool = True) -> float:
        """0 for the softest so far to 1 for the loudest; MIDDLE for the first."""
        if learning:
            self._lowest, self._highest = min(self._lowest, level_db), max(self._highest, level_db)
        if not self._highest > self._lowest:
            return MIDDLE
        return min(max((level_db - self._lowest) / (self._highest - self._lowest), 0.0), 1.0)


def checked_measures(measures: Mapping[str, Sequence[float]]) -> Measures:
    """Measures as they are meant.

    Raises:
        ConfigError: a name that is no feature, or numbers that are not in order; the message says which.
    """
    return {name: _checked(name, row) for name, row in measures.items()}


def _checked(name: str, row: Sequence[float]) -> list[float]:
    if name == PEAK:
        return [*checked_range(FEATURES[0], row)]
    try:
        low, usual, high = map(float, row)
    except (TypeError, ValueError):
        low = usual = high = math.nan
    checked_range(name, [low, high])
    if not low <= usual <= high:
        raise ConfigError(f"{name}: {row!r}; give the lowest, the usual and the highest value, in this order")
    return [low, usual, high]


def _features(measures: Measures) -> Measures:
    return {name: row for name, row in measures.items() if name != PEAK}


def _held(hit: HitFeatures, name: str, low: float, high: float) -> float:
    value: float = getattr(hit, name)
    return min(max(value, low), high)


def _wider(one: Ranges, other: Ranges) -> Ranges:
    """Ranges that hold both."""
    return {
        name: [min(row[0] for row in rows), max(row[1] for row in rows)]
        for name in {**one, **other}
        if (rows := [ranges[name] for ranges in (one, other) if name in ranges])
    }
