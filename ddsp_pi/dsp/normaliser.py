"""Features of hits brought to 0…1 by the range that was heard, and then to differences from one hit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.errors import ConfigError

UNKNOWN = 0.5
"""A feature whose range is not known."""

FEATURES = tuple(field.name for field in fields(HitFeatures))

Ranges = dict[str, list[float]]
"""Lowest and highest of each feature, by its name: plain data, to be written into any file."""


class Normaliser:
    """Running ranges of one drum: they grow with what is heard, unless they are kept.

    `learning` may be switched off at any time; then what is beyond a range counts as its end.
    """

    def __init__(self, ranges: Mapping[str, Sequence[float]] | None = None, learning: bool = True) -> None:
        self.learning = learning
        self.reset()
        if ranges is not None:
            self.load(ranges)

    def reset(self) -> None:
        """No range is known."""
        self._lowest, self._highest = [math.inf] * len(FEATURES), [-math.inf] * len(FEATURES)

    def save(self) -> Ranges:
        """The ranges known so far; a feature that was never heard is left out."""
        rows = zip(FEATURES, self._lowest, self._highest, strict=True)
        return {name: [low, high] for name, low, high in rows if low <= high}

    def load(self, ranges: Mapping[str, Sequence[float]]) -> None:
        """Take ranges that `save` gave in place of those known; features left out are unknown.

        Raises:
            ConfigError: a name that is no feature, or no lowest and highest finite number beside it.
        """
        known = {name: checked_range(name, pair) for name, pair in ranges.items()}
        self.reset()
        for name, (low, high) in known.items():
            at = FEATURES.index(name)
            self._lowest[at], self._highest[at] = low, high

    def normalise(self, features: HitFeatures) -> tuple[float, ...]:
        """(3,) numbers 0…1 in the order of the features: 0.5 where the range is unknown, or a point.

        A hit belongs to the range that it is measured with.
        """
        values = _values(features)
        if self.learning:
            self._lowest = list(map(min, self._lowest, values))
            self._highest = list(map(max, self._highest, values))
        return tuple(map(_share, values, self._lowest, self._highest))

    def centred(self, features: HitFeatures, reference: HitFeatures) -> tuple[float, ...]:
        """(3,) differences −1…1 from the reference hit, which itself gives 0 in all of them.

        The reference widens no range.
        """
        here = self.normalise(features)
        there = map(_share, _values(reference), self._lowest, self._highest)
        return tuple(mine - its for mine, its in zip(here, there, strict=True))


def _values(features: HitFeatures) -> tuple[float, ...]:
    return features.loudness_db, features.centroid, features.flatness_db


def _share(value: float, lowest: float, highest: float) -> float:
    """Where in the range it is; its nearer end for what is beyond."""
    if not lowest < highest:
        return UNKNOWN
    return min(max((value - lowest) / (highest - lowest), 0.0), 1.0)


def checked_range(name: str, pair: Sequence[float]) -> tuple[float, float]:
    """The range of a feature, as it is meant.

    Raises:
        ConfigError: a name that is no feature, or no lowest and highest finite number beside it.
    """
    if name not in FEATURES:
        raise ConfigError(f"range of {name!r}: no feature of a hit; there are {', '.join(FEATURES)}")
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        low, high = math.inf, -math.inf
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ConfigError(
            f"range of {name}: {pair!r}; give the lowest and the highest value, as [−40.0, −6.0]"
        )
    return low, high
