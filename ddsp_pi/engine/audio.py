"""The AudioIO protocol and its simplest players: a WAV file, and nothing at all."""

import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.files import replacing
from ddsp_pi.frame import SAMPLE_RATE

Render = Callable[[NDArray[np.float32]], None]
"""Fills a mono block."""


class AudioIO(Protocol):
    """Something that asks for blocks of sound until it is told to stop."""

    def run(self, render: Render, stop: threading.Event) -> None:
        """Ask `render` for one period after another; returns when done or when `stop` is set."""


class NullAudio:
    """Plays into nothing, in real time."""

    def __init__(self, period: int) -> None:
        self._period = period

    def run(self, render: Render, stop: threading.Event) -> None:
        """See AudioIO."""
        block = np.empty(self._period, np.float32)
        due = time.monotonic()
        while not stop.is_set():
            render(block)
            due += self._period / SAMPLE_RATE
            stop.wait(max(0.0, due - time.monotonic()))


class WavAudio:
    """Writes a mono 24-bit WAV file as fast as it can.

    The file appears under its name only when it is whole. `progress` is called with the samples
    written by each block.
    """

    def __init__(
        self, path: Path, samples: int, period: int, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._path, self._samples, self._period, self._progress = path, samples, period, progress

    def run(self, render: Render, stop: threading.Event) -> None:
        """See AudioIO."""
        with replacing(self._path) as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(3)
            file.setframerate(SAMPLE_RATE)
            written = 0
            while written < self._samples and not stop.is_set():
                block = np.empty(min(self._period, self._samples - written), np.float32)
                render(block)
                file.writeframes(_as_24_bit(block))
                written += len(block)
                self._progress(len(block))


def _as_24_bit(block: NDArray[np.float32]) -> bytes:
    scaled = np.rint(np.clip(block, -1.0, 1.0).astype(np.float64) * 8_388_607.0).astype("<i4")
    return scaled.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
