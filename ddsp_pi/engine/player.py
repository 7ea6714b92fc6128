"""What PortAudio calls: one block out, and one in where the module listens."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.engine.audio import Counters, Render
from ddsp_pi.engine.realtime import Grant, raise_thread


class Player:
    """Turns raw interleaved float32 buffers into the mono blocks of a Render.

    The same sound goes to every output; what is heard is the mean of the inputs. A render that
    raises is not called again: silence follows, and `failure` says why.

    Args:
        render: see Render.
        counters: where what goes wrong is counted.
        channels: outputs of the stream.
        inputs: inputs of the stream, 0 for none.
        rate_hz: of the stream, to know what is late.
        first: called once in the audio thread, before its first block.
    """

    def __init__(
        self,
        render: Render,
        counters: Counters,
        channels: int,
        inputs: int,
        rate_hz: float,
        first: Callable[[], Grant] = raise_thread,
    ) -> None:
        self._render, self._counters, self._rate_hz, self._first = render, counters, rate_hz, first
        self._channels, self._inputs = channels, inputs
        self._mean = np.full(inputs, 1.0 / max(inputs, 1), np.float32)
        self.beats = 0
        """Blocks so far: stands still when the device has stopped calling."""
        self.grant: Grant | None = None
        self.failure: BaseException | None = None
        self._resize(0)

    @property
    def period(self) -> int:
        """Samples of the last block: what the device really asks for."""
        return len(self._block)

    def play(self, out: Any, frames: int, _time: Any, status: Any) -> None:
        """One block out."""
        if frames != len(self._block):
            self._resize(frames)
        self._play(out, status)

    def hear_and_play(self, heard: Any, out: Any, frames: int, _time: Any, status: Any) -> None:
        """One block in, one out."""
        if frames != len(self._block):
            self._resize(frames)
        np.dot(self._interleaved(heard, self._inputs), self._mean, out=self._heard)
        self._play(out, status)

    def _play(self, out: Any, status: Any) -> None:
        begun = time.perf_counter()
        self.beats += 1
        if self.grant is None:
            self.grant = self._first()
        # PortAudio fills its first buffers ahead of time and says so too: nothing is lost then.
        if status and not status.priming_output:
            self._counters.xruns += 1
        try:
            self._render(self._block, self._heard)
        except BaseException as error:
            self.failure, self._render = error, _silent
            self._block[:] = 0.0
        self._interleaved(out, self._channels)[:] = self._block[:, None]
        if (time.perf_counter() - begun) * self._rate_hz > len(self._block):
            self._counters.missed += 1

    def _resize(self, n: int) -> None:
        self._block, self._heard = np.zeros(n, np.float32), np.zeros(n, np.float32)

    def _interleaved(self, raw: Any, channels: int) -> NDArray[np.float32]:
        return np.frombuffer(raw, np.float32).reshape(-1, channels)


def _silent(out: NDArray[np.float32], audio_in: NDArray[np.float32]) -> None:
    out[:] = 0.0
