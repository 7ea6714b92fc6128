"""Linear amplitude ramps: a block as its value at the start and its change by the end."""

import numpy as np
from numpy.typing import NDArray


class Ramp:
    """Mixes the two parts of a block.

    A sum Σ aₖ(i)·sₖ(i) whose amplitudes go linearly from aₖ to bₖ is Σ aₖ·sₖ + i/n · Σ (bₖ − aₖ)·sₖ,
    so two plain sums and one ramp are enough, however many partials there are.
    """

    def __init__(self, max_block: int) -> None:
        self._ramp = np.arange(max_block, dtype=np.float32)

    def mix(self, parts: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write parts (2, n), the sums with the first amplitudes and with their change, to out (n,)."""
        n = len(out)
        np.multiply(parts[1], self._ramp[:n], out=out)
        out *= 1.0 / n
        out += parts[0]
