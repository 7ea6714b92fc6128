"""Cross-fade between two signals, at equal power or equal gain."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Law = Literal["power", "gain"]


class CrossFade:
    """Fades from one source to another over a fixed number of samples, in blocks of any size.

    `power` keeps the level of unrelated sounds, `gain` that of nearly equal ones.
    """

    def __init__(self, samples: int, law: Law = "power") -> None:
        position = (np.arange(samples) + 0.5) / samples
        arriving = np.sin(position * np.pi / 2) if law == "power" else position
        leaving = np.cos(position * np.pi / 2) if law == "power" else 1.0 - position
        self._arriving = arriving.astype(np.float32)
        self._leaving = leaving.astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Begin the fade again."""
        self._position = 0

    @property
    def done(self) -> bool:
        """Whether only the arriving sound is left."""
        return self._position >= len(self._arriving)

    def process(
        self, leaving: NDArray[np.float32], arriving: NDArray[np.float32], out: NDArray[np.float32]
    ) -> None:
        """Mix two (n,) blocks into out (n,), which may be either of them."""
        fading = min(len(out), len(self._arriving) - self._position)
        at = slice(self._position, self._position + fading)
        mixed = leaving[:fading] * self._leaving[at] + arriving[:fading] * self._arriving[at]
        out[fading:] = arriving[fading:]
        out[:fading] = mixed
        self._position += fading
