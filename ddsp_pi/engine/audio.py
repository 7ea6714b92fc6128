"""The AudioIO protocol and its simplest players: a WAV file, and nothing at all."""

import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.files import replacing
from ddsp_pi.frame import SAMPLE_RATE

Render = Callable[[NDArray[np.float32], NDArray[np.float32]], None]
"""(out, audio_in): fills a mono block of n samples; audio_in is what is heard, or zeros, (n,)."""

Keep = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""The first of a block's samples, as many as are wanted."""

Say = Callable[[str], None]
"""Takes a line for the log."""

FADE_S = 0.5
"""How long a player goes on after `stop` for the sound to fade out."""


class AudioSettings(msgspec.Struct, frozen=True):
    """What the `audio` section of a configuration says; the fields mean the same there."""

    backend: str = "portaudio"
    device: str | int | None = None
    period: int = 128
    latency: float = 2.0
    channels: int = 2
    inputs: int = 0
    sample_rate: int = SAMPLE_RATE


class Counters(Protocol):
    """What a player counts."""

    xruns: int
    """Times that the device ran out of sound, or lost some of its input."""
    missed: int
    """Blocks that were rendered too late."""


def at_once() -> bool:
    """For players that need not fade out."""
    return True


class AudioIO(Protocol):
    """Something that asks for blocks of sound until it is told to stop."""

    def run(self, render: Render, stop: threading.Event, finished: Callable[[], bool] = at_once) -> None:
        """Ask `render` for one period after another until told to stop.

        Args:
            render: called for each block, maybe from another thread.
            stop: ends it; from then on the sound should fade out.
            finished: whether it has faded out; waited for up to FADE_S.
        """


class Until:
    """Whether to go on: until `stop` is set, and then until the sound has faded, or FADE_S."""

    def __init__(self, stop: threading.Event, finished: Callable[[], bool]) -> None:
        self._stop, self._finished = stop, finished
        self._stopped_at: float | None = None

    def __call__(self) -> bool:
        """True while there is something to play."""
        if not self._stop.is_set():
            return True
        now = time.monotonic()
        if self._stopped_at is None:
            self._stopped_at = now
        return now - self._stopped_at < FADE_S and not self._finished()


class NullAudio:
    """Plays into nothing, in real time; periods that come too late are dropped."""

    def __init__(self, period: int, counters: Counters) -> None:
        self._period, self._counters = period, counters

    def run(self, render: Render, stop: threading.Event, finished: Callable[[], bool] = at_once) -> None:
        """See AudioIO."""
        block, silence = np.empty(self._period, np.float32), np.zeros(self._period, np.float32)
        _in_real_time(lambda: render(block, silence), self._period, Until(stop, finished), self._counters)


class WavAudio:
    """Writes a mono 24-bit WAV file as fast as it can.

    The file appears under its name only when it is whole. `progress` is called with the samples
    of each block. What is heard is `heard`, and silence after it. `keep` says what of a block belongs
    into the file; if that is not all of it, the file is over before it has `samples`.
    """

    def __init__(
        self,
        path: Path,
        samples: int,
        period: int,
        progress: Callable[[int], None] = lambda _: None,
        heard: NDArray[np.float32] | None = None,
        keep: Keep = lambda block: block,
    ) -> None:
        self._keep = keep
        self._path, self._samples, self._period, self._progress = path, samples, period, progress
        self._heard = np.zeros(0, np.float32) if heard is None else heard

    def run(self, render: Render, stop: threading.Event, finished: Callable[[], bool] = at_once) -> None:
        """See AudioIO; a file needs no fade, it ends where it is told to."""
        with _wav_file(self._path) as file:
            rendered = kept = n = 0
            while kept == n and rendered < self._samples and not stop.is_set():
                n = min(self._period, self._samples - rendered)
                kept = _write(file, render, n, self._heard[rendered : rendered + n], self._keep)
                rendered += n
                self._progress(n)


class LiveWavAudio:
    """Writes a mono 24-bit WAV file in real time, until it is told to stop: a sound card on disk."""

    def __init__(self, path: Path, period: int, counters: Counters) -> None:
        self._path, self._period, self._counters = path, period, counters

    def run(self, render: Render, stop: threading.Event, finished: Callable[[], bool] = at_once) -> None:
        """See AudioIO."""
        with _wav_file(self._path) as file:
            _in_real_time(
                lambda: _write(file, render, self._period),
                self._period,
                Until(stop, finished),
                self._counters,
            )


def _in_real_time(play: Callable[[], object], period: int, until: Until, counters: Counters) -> None:
    """Play one block per period of monotonic time; what is late by whole periods is dropped."""
    length = period / SAMPLE_RATE
    due = time.monotonic()
    while until():
        play()
        due += length
        ahead = due - time.monotonic()
        if ahead > 0.0:
            time.sleep(ahead)
        else:
            dropped = int(-ahead / length)
            counters.missed += max(1, dropped)
            due += dropped * length


@contextmanager
def _wav_file(path: Path) -> Iterator[wave.Wave_write]:
    with replacing(path) as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(SAMPLE_RATE)
        yield file


def _write(
    file: wave.Wave_write,
    render: Render,
    n: int,
    heard: NDArray[np.float32] | tuple[()] = (),
    keep: Keep = lambda block: block,
) -> int:
    """n samples, while what is heard comes in and then silence; returns how many were kept."""
    block, audio_in = np.empty(n, np.float32), np.zeros(n, np.float32)
    audio_in[: len(heard)] = heard
    render(block, audio_in)
    kept = keep(block)
    file.writeframes(_as_24_bit(kept))
    return len(kept)


def _as_24_bit(block: NDArray[np.float32]) -> bytes:
    scaled = np.rint(np.clip(block, -1.0, 1.0).astype(np.float64) * 8_388_607.0).astype("<i4")
    return scaled.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
