"""The Mode protocol: all that a way of playing has to be."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import ControlFrame
from ddsp_pi.params import ParamSet


class Mode(Protocol):
    """One way to play. It owns one parameter table and keeps its own state."""

    params: ParamSet

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write n = len(out) mono samples; the engine never lets a block straddle a hop.

        Args:
            frame: edges and notes of this block; the parameters already hold its volts.
            audio_in: (n,) what the module hears, zeros where it does not listen.
            out: (n,) overwritten.
        """

    def reset(self) -> None:
        """Back to silence; parameters stay."""


class SilentMode:
    """Plays nothing."""

    def __init__(self) -> None:
        self.params = ParamSet(())

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        out[:] = 0.0

    def reset(self) -> None:
        """See Mode."""
