"""Where a rendered piece ends: when its sound has died away."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

Array = NDArray[np.float32]

LEAST = SAMPLE_RATE
"""Samples of every tail: nobody wants a piece to stop with its last note."""

MOST = 15 * SAMPLE_RATE
"""The longest release falls by 90 dB in this time; what sounds on then does not end by itself."""

EVERY = SAMPLE_RATE // 2
"""A tail that is silent for so many samples is over, and one that is not goes on for as many."""

SILENT = 10.0 ** (-90.0 / 20.0)
"""The largest sample of silence."""


class Tail:
    """Lets a sound through until it has died away, the same samples in blocks of any size."""

    def __init__(self, over: int) -> None:
        """`over`: the sample after which nothing happens any more."""
        self.end = over + LEAST
        """Samples of the piece, as far as is known."""
        self.most = over + MOST
        """Samples of the longest piece that this may be."""
        self.faded = False
        """Whether it did not die away, and was faded out."""
        self._position = 0
        self._loudest = 0.0

    def keep(self, block: Array) -> Array:
        """What of the next block belongs to the piece; if not all of it, the piece is over.

        Samples at the end of the longest piece are faded in place.
        """
        kept = 0
        while kept < len(block) and self._position < self.end:
            part = block[kept : kept + self.end - self._position]
            self._hear(part)
            kept += len(part)
        return block[:kept]

    def _hear(self, part: Array) -> None:
        """Samples up to `end`, which may move on."""
        last = part[max(self.end - EVERY - self._position, 0) :]
        self._position += len(part)
        if len(last):
            self._loudest = max(self._loudest, float(np.abs(last).max()))
        if self.end == self.most:
            left = self.end - self._position + np.arange(len(last), 0, -1) - 1
            last *= (left / EVERY).astype(np.float32)
        if self._position == self.end and self._loudest >= SILENT:
            self.faded = self.end == self.most
            self.end = min(self.end + EVERY, self.most)
            self._loudest = 0.0
