"""The Board protocol: where volts, gates and buttons come from."""

import math
from typing import Protocol

from ddsp_pi.frame import ControlFrame

N_CVS = 6
N_GATES = 4
UNPATCHED = (math.nan,) * N_CVS


class Board(Protocol):
    """A panel with jacks."""

    def read(self, start_ns: int, end_ns: int) -> ControlFrame:
        """Volts as last known before `end_ns`, and the edges from `start_ns` up to it."""

    def close(self) -> None:
        """Let go of the hardware."""


class NullBoard:
    """A panel with no cable in."""

    def read(self, start_ns: int, end_ns: int) -> ControlFrame:
        """See Board."""
        return ControlFrame(start_ns, UNPATCHED)

    def close(self) -> None:
        """See Board."""
