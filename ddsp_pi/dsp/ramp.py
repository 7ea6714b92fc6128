"""Linear ramps: a block as what it would be with the amplitudes of its start, and with those of its end."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP


@lru_cache(maxsize=HOP)
def ramps(n: int) -> NDArray[np.float32]:
    """(2, HOP) weights of the start and of the end of n samples, of which the end is one behind the last.

    A sum Σ aₖ(i)·sₖ(i) whose amplitudes go linearly from aₖ to bₖ is (1 − i/n)·Σ aₖ·sₖ + i/n·Σ bₖ·sₖ,
    so two plain sums are enough, however many partials there are. What is behind the end goes on so.
    """
    rising = np.arange(HOP) / n
    return np.stack([1.0 - rising, rising]).astype(np.float32)


@lru_cache(maxsize=HOP)
def levelled_ramps(n: int) -> NDArray[np.float32]:
    """(2, 2·HOP) such weights under a level that moves too, for a level of 1 at the start and at the end.

    Level times amplitude is a parabola, but linear in the level's two ends.
    """
    both = ramps(n)
    return (both[:, None] * both).reshape(2, 2 * HOP)
