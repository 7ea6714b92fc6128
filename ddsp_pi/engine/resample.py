"""For sound cards that refuse 48 kHz: the engine's sound at another rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.engine.audio import Render
from ddsp_pi.errors import MissingExtraError
from ddsp_pi.frame import SAMPLE_RATE


class Resampled:
    """Fills blocks at a device's rate from blocks at 48 kHz.

    The stream resampler is soxr's for variable rates, because it gives out samples as soon as it
    can and evenly: the one for fixed rates works in bursts of 10 ms, which would have the engine
    render several periods within one.

    Args:
        render: see Render; takes blocks of any size, at 48 kHz.
        rate_hz: of the device.

    Raises:
        MissingExtraError: soxr is not installed.
    """

    def __init__(self, render: Render, rate_hz: int) -> None:
        self._render, self._rate_hz = render, rate_hz
        self._stream = _stream(rate_hz)
        self._asked = self._rendered = 0
        self._ready = self._primed()

    @property
    def latency_s(self) -> float:
        """Time by which the sound is later."""
        return self._primed_n / SAMPLE_RATE

    def __call__(self, out: NDArray[np.float32], audio_in: NDArray[np.float32]) -> None:
        """A Render at the device's rate; what is heard is not resampled, and so not heard."""
        self._asked += len(out)
        needed = -(-self._asked * SAMPLE_RATE // self._rate_hz) - self._rendered
        block = np.empty(needed, np.float32)
        self._render(block, np.zeros(needed, np.float32))
        self._rendered += needed
        ready = np.concatenate((self._ready, self._stream.resample_chunk(block)))
        out[:] = ready[: len(out)]
        self._ready = ready[len(out) :]

    def _primed(self) -> NDArray[np.float32]:
        """Silence until the resampler gives out as much as goes in."""
        ready = np.zeros(0, np.float32)
        self._primed_n = 0
        # Two more than none: what goes in per block is rounded to whole samples.
        while len(ready) < 2:
            ready = np.concatenate((ready, self._stream.resample_chunk(np.zeros(1, np.float32))))
            self._primed_n += 1
        return ready


def _stream(rate_hz: int) -> Any:
    try:
        import soxr
    except ImportError as error:
        raise MissingExtraError(
            f"a sound card without 48 kHz needs {error.name}; install it with: pip install 'ddsp-pi[files]'"
        ) from error
    return soxr.ResampleStream(SAMPLE_RATE, rate_hz, 1, dtype="float32", quality="HQ", vr=True)
