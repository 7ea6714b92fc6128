"""Dry and wet: the input as it is beside the instrument that it plays."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.frame import HOP

Array = NDArray[np.float32]

_RISE = (np.arange(HOP) / HOP).astype(np.float32)

WET = (0.0, 1.0)
"""Gains of dry and wet where nothing of the input is to be heard."""


class Blend:
    """Two gains that move in straight lines from hop to hop. The dry input is not delayed."""

    def __init__(self) -> None:
        self._dry, self._gains = np.zeros((2, HOP), np.float32)
        self.reset()

    def reset(self) -> None:
        """The next gains are there at once."""
        self._ends = WET, WET
        self._begun = False

    def aim(self, dry_wet: float, input_gain: float) -> None:
        """Where to be at the end of the hop that begins.

        Args:
            dry_wet: 0 = dry, 1 = wet, at equal power.
            input_gain: of the dry input, linear.
        """
        angle = dry_wet * math.pi / 2.0
        arriving = WET if dry_wet == 1.0 else (math.cos(angle) * input_gain, math.sin(angle))
        self._ends = self._ends[1] if self._begun else arriving, arriving
        self._begun = True

    def mix(self, begin: int, audio_in: Array, out: Array) -> None:
        """Add the input to (n,) wet samples of the hop from `begin` on, in place."""
        (dry, wet), (dry_next, wet_next) = self._ends
        if dry == dry_next == 0.0 and wet == wet_next == 1.0:
            return
        n = len(out)
        rise, heard, gains = _RISE[begin : begin + n], self._dry[:n], self._gains[:n]
        out *= _between(wet, wet_next, rise, gains)
        np.clip(audio_in, -LOUDEST, LOUDEST, out=heard)
        # A broken sample is silence here: further on it would reset whatever plays.
        np.copyto(heard, 0.0, where=np.isnan(heard))
        heard *= _between(dry, dry_next, rise, gains)
        out += heard


def _between(first: float, last: float, rise: Array, out: Array) -> Array:
    np.multiply(rise, np.float32(last - first), out=out)
    out += np.float32(first)
    return out
