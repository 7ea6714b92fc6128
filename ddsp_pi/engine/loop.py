"""The render loop: one path for files and for the rack."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.limiter import Limiter
from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, nanoseconds
from ddsp_pi.modes.base import Mode

Controls = Callable[[int, int], ControlFrame]
"""(first sample, number of samples) → what the rack says meanwhile, parameters already set."""

_SILENCE = np.zeros(HOP, np.float32)


class Engine:
    """Mode and limiter, fed with control frames block by block.

    A block of any size is rendered in pieces that end at hop boundaries, each with a control
    frame of its own. Gates fall on their sample whatever the size, and blocks of whole hops sound
    the same to the bit. Shorter pieces hear a moving CV sooner, so there the phases may part.
    """

    def __init__(self, mode: Mode, controls: Controls) -> None:
        self.mode = mode
        self.telemetry = Telemetry()
        self._controls = controls
        self._limiter = Limiter()
        self._position = 0

    def reset(self) -> None:
        """Silence, time zero."""
        self.mode.reset()
        self._limiter.reset()
        self._position = 0

    def render(self, out: NDArray[np.float32]) -> None:
        """Write the next len(out) mono samples."""
        begun = time.perf_counter()
        done = 0
        while done < len(out):
            piece = min(len(out) - done, HOP - self._position % HOP)
            self._render_piece(out[done : done + piece])
            done += piece
        seconds = time.perf_counter() - begun
        self.telemetry.count(seconds * SAMPLE_RATE / len(out), self._limiter.peak)

    def _render_piece(self, out: NDArray[np.float32]) -> None:
        n = len(out)
        self.mode.render(self._controls(self._position, n), _SILENCE[:n], out)
        self.telemetry.count_outside(self.mode.outside, n)
        self._position += n
        if not self._limiter.process(out):
            # What is not finite has got into somebody's state and would stay there.
            self.telemetry.rejected_samples = self._limiter.rejected
            self.mode.reset()


def block_window(first: int, n: int) -> tuple[int, int]:
    """The time in ns that n samples from `first` on cover, to the start of the next block."""
    return nanoseconds(first), nanoseconds(first + n)
