"""Who turns the knobs of a drum for a hit."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import HitFeatures
from ddsp_pi.dsp.normaliser import Ranges
from ddsp_pi.models.decoder import SilentDecoder


class Measure(Protocol):
    """What the hits of a drum are measured by."""

    @property
    def reference(self) -> HitFeatures | None:
        """The usual hit, as long as few were heard; None: it is the middle of what is heard, always."""

    @property
    def ranges(self) -> Ranges:
        """What hits are measured by at first; a feature that is left out has no range yet."""


class ByEachOther:
    """Hits of a drum of which nothing is known."""

    reference = None

    @property
    def ranges(self) -> Ranges:
        """See Measure."""
        return {}


class Mapper(Measure, Protocol):
    """Turns the knobs of a drum for a hit."""

    def movement(self, difference: Sequence[float]) -> NDArray[np.float64]:
        """(3,) how far a hit is from the reference, −1..1 → (14,) how far knobs 0..1 are turned."""


class MapperDecoder(SilentDecoder):
    """What stands for a mapper wherever a decoder is asked for; it has no harmonics of its own."""

    def __init__(self, mapper: Mapper) -> None:
        super().__init__()
        self.mapper = mapper
