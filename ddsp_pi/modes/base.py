"""The Mode protocol: all that a way of playing has to be."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import ControlFrame
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.meter import Meter
from ddsp_pi.modes.outside import Outside
from ddsp_pi.params import ParamSet


class Mode(Protocol):
    """One way to play. It owns one parameter table and keeps its own state."""

    params: ParamSet
    outside: Outside
    """Whether the last piece asked for more than the instrument has learned."""

    @property
    def meter(self) -> Meter | None:
        """What it hears; None: it does not listen."""

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write n = len(out) mono samples, a piece that ends with its hop or before.

        Args:
            frame: where in its hop the piece begins, and what happens at its first sample.
            audio_in: (n,) what the module hears, zeros where it does not listen.
            out: (n,) overwritten.
        """

    def reset(self) -> None:
        """Back to silence; parameters stay."""

    def release(self) -> None:
        """Every gate closes and every key goes up, before the next piece."""

    def use(self, decoder: Decoder) -> None:
        """Play another instrument from the next hop on, without a click; for other threads to call."""

    def shed(self, partials: int | None, voices: int | None) -> None:
        """Do with at most so many harmonics and voices from the next hop on; None: all there are."""


class SilentMode:
    """Plays nothing."""

    meter = None

    def __init__(self) -> None:
        self.params = ParamSet(())
        self.outside = Outside()

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        out[:] = 0.0

    def reset(self) -> None:
        """See Mode."""

    def release(self) -> None:
        """See Mode."""

    def use(self, decoder: Decoder) -> None:
        """See Mode."""

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode."""
