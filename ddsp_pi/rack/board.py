"""The Board protocol: where volts, gates and buttons come from."""

import math
from collections.abc import Sequence
from typing import Protocol

from ddsp_pi.frame import Edge

N_CVS = 6
N_GATES = 4
UNPATCHED = (math.nan,) * N_CVS


class Board(Protocol):
    """A panel with jacks. Times are of one clock and only go forward."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """CV jack i+1 as last known before `at_ns`, NaN where nothing is patched."""

    def events(self, until_ns: int) -> Sequence[Edge]:
        """Edges before `until_ns` that have not been said yet, in order of time."""

    def close(self) -> None:
        """Let go of the hardware."""


class NullBoard:
    """A panel with no cable in."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        return UNPATCHED

    def events(self, until_ns: int) -> Sequence[Edge]:
        """See Board."""
        return ()

    def close(self) -> None:
        """See Board."""
