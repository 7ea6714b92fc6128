"""A singer at a JACK port and an ear at ours, which hears both in step."""

import os
from collections.abc import Mapping
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from tests.live.jack import INPUT, OUTPUT


class Duet:
    """Sings a recording into the engine once, from `with` on, and keeps what was sung and what was played.

    Two clients: one that both sings and listens would close a circle, in which somebody is a period late.
    """

    def __init__(self, environment: Mapping[str, str], audio: NDArray[np.float32]) -> None:
        """Of the server that the environment names; `audio` are (n,) samples at its rate."""
        # The library asks the process for it, when it opens a client.
        with patch.dict(os.environ, environment):
            import jack

            self._singer = jack.Client("singer", no_start_server=True)
            self._ear = jack.Client("ear", no_start_server=True)
        self._mouth = self._singer.outports.register("out")
        self._ports = [self._ear.inports.register(name) for name in ("sung", "played")]
        period = self._singer.blocksize
        self._audio = np.pad(audio, (0, -len(audio) % period)).astype(np.float32).reshape(-1, period)
        longer = self._ear.samplerate // 2 // period
        self._heard = np.zeros((len(self._audio) + longer, 2, period), np.float32)
        self._sung = self._kept = 0
        self._late_at: list[int] = []
        self._sings = False
        self._singer.set_process_callback(self._sing)
        self._ear.set_process_callback(self._hear)
        self._ear.set_xrun_callback(lambda _: self._late_at.append(self._kept))

    def __enter__(self) -> "Duet":
        for client in (self._singer, self._ear):
            client.activate()
        self._singer.connect(self._mouth, INPUT)
        self._ear.connect(self._mouth, self._ports[0])
        self._ear.connect(OUTPUT, self._ports[1])
        self._sings = True
        return self

    def __exit__(self, *error: object) -> None:
        for client in (self._ear, self._singer):
            client.deactivate()
            client.close()

    @property
    def is_over(self) -> bool:
        """Whether all was sung, and its end was heard."""
        return self._kept == len(self._heard)

    @property
    def both(self) -> NDArray[np.float32]:
        """(2, n) samples that were sung, and what was played meanwhile."""
        return self._heard[: self._kept].transpose(1, 0, 2).reshape(2, -1)

    @property
    def late_at(self) -> NDArray[np.intp]:
        """Samples at which the server said that somebody was late."""
        return np.array(self._late_at, np.intp) * self._heard.shape[2]

    def _sing(self, frames: int) -> None:
        block = np.frombuffer(self._mouth.get_buffer(), np.float32)
        if self._sings and self._sung < len(self._audio):
            block[:] = self._audio[self._sung]
            self._sung += 1
        else:
            block[:] = 0.0

    def _hear(self, frames: int) -> None:
        if self._kept < len(self._heard):
            for row, port in zip(self._heard[self._kept], self._ports, strict=True):
                row[:] = np.frombuffer(port.get_buffer(), np.float32)
            self._kept += 1
