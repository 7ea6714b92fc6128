"""Two JACK clients on one clock: one sings a phrase over and over, one hears what becomes of it."""

import os
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

INPUT = "PortAudio:in_0"
"""Where our module listens: PortAudio's client, first channel."""


def client(environment: Mapping[str, str], name: str) -> Any:
    """Of the server that the environment names."""
    with patch.dict(os.environ, environment):
        import jack

        return jack.Client(name, no_start_server=True)


class Singer:
    """Sings from `with` to its end; what it sings at a frame of the server's is always the same."""

    def __init__(self, environment: Mapping[str, str], phrase: NDArray[np.float32]) -> None:
        self._phrase = phrase
        self._client = client(environment, "singer")
        self._port = self._client.outports.register("out")
        self._client.set_process_callback(self._sing)

    def __enter__(self) -> "Singer":
        self._client.activate()
        for before in self._client.get_all_connections(self._client.get_port_by_name(INPUT)):
            self._client.disconnect(before, INPUT)
        self._client.connect(self._port, INPUT)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.deactivate()
        self._client.close()

    def _sing(self, frames: int) -> None:
        at = (self._client.last_frame_time + np.arange(frames)) % len(self._phrase)
        self._port.get_array()[:] = self._phrase[at]


class Hearer:
    """Hears a port from `with` to its end, and knows the server's frame of each block."""

    def __init__(self, environment: Mapping[str, str], port: str, seconds: float) -> None:
        self._client, self._from = client(environment, "hearer"), port
        self._port = self._client.inports.register("in")
        self.block = self._client.blocksize
        most = int(seconds * self._client.samplerate / self.block)
        self._blocks, self._frames = np.zeros((most, self.block), np.float32), np.zeros(most, np.int64)
        self.count = 0
        self._client.set_process_callback(self._hear)

    def __enter__(self) -> "Hearer":
        self._client.activate()
        self._client.connect(self._from, self._port)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.deactivate()
        self._client.close()

    def heard(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The frames of the blocks, and the blocks, so far."""
        return self._frames[: self.count].copy(), self._blocks[: self.count].copy()

    def _hear(self, frames: int) -> None:
        if self.count < len(self._blocks):
            self._frames[self.count] = self._client.last_frame_time
            self._blocks[self.count] = self._port.get_array()
            self.count += 1
