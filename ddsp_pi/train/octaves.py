"""Octave errors of a pitch label, found and mended by looking at its partials.

A tracker that is an octave too high leaves strong partials halfway between those it explains; one
that is an octave too low explains every second partial with nothing.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE

FFT = 4096
PARTIALS = 12
HIGHEST_HZ = 6000.0
"""Above this, partials drown in breath and bow noise."""

TOO_HIGH_DB = 0.0
"""Partials halfway between as strong as those explained. On notes of known pitch 99 % of right labels
stay below −19 dB, in a reverberant room 95 % below −7 dB; labels an octave too high are above −3 dB."""

TOO_LOW_DB = -22.0
"""Odd partials against even ones. Right labels stay above −14 dB (99 %; a string plucked in the middle
falls to −25 dB), labels an octave too low are below −31 dB (half of them) or −18 dB (95 %)."""

STEADY = 15
"""Frames over which the evidence is taken together: 40 ms."""

LOWEST_HZ, HIGHEST_NOTE_HZ = 27.5, 4200.0

Array = NDArray[np.float64]


def mend_octaves(audio: NDArray[np.float32], f0_hz: Array) -> Array:
    """Pitch in Hz of every hop, (frames,), moved by up to two octaves where the partials demand it."""
    evidence = _Evidence(audio, len(f0_hz))
    mended = f0_hz.copy()
    for _ in range(2):
        between, odd_to_even = evidence(mended)
        step = np.where(between > TOO_HIGH_DB, 0.5, np.where(odd_to_even < TOO_LOW_DB, 2.0, 1.0))
        moved = mended * step
        mended = np.where((moved >= LOWEST_HZ) & (moved <= HIGHEST_NOTE_HZ), moved, mended)
    return mended


class _Evidence:
    """Power of partials around every hop, chunk by chunk so that a long recording fits in memory."""

    def __init__(self, audio: NDArray[np.float32], frames: int) -> None:
        padded = np.pad(audio, (FFT // 2, FFT // 2 + HOP))
        self._windows = sliding_window_view(padded, FFT)[::HOP][:frames]
        self._taper = np.hanning(FFT).astype(np.float32)

    def __call__(self, f0_hz: Array) -> tuple[Array, Array]:
        """dB of partials halfway between against all, and of odd against even ones; steadied."""
        parts = [
            self._of_chunk(self._windows[at : at + 512], f0_hz[at : at + 512])
            for at in range(0, len(f0_hz), 512)
        ]
        between, odd_to_even = (_steady(np.concatenate(series)) for series in zip(*parts, strict=True))
        return between, odd_to_even

    def _of_chunk(self, windows: NDArray[np.float32], f0_hz: Array) -> tuple[Array, Array]:
        power = np.abs(np.fft.rfft(windows * self._taper)) ** 2
        k = np.arange(1, PARTIALS + 1)

        def energy(multiples: NDArray[Any]) -> Array:
            hz = f0_hz[:, None] * multiples
            nearest = np.clip(np.rint(hz * FFT / SAMPLE_RATE).astype(int), 1, power.shape[1] - 2)
            rows = np.arange(len(power))[:, None]
            peaks = np.maximum.reduce([power[rows, nearest + step] for step in (-1, 0, 1)])
            return np.asarray(np.where(hz < HIGHEST_HZ, peaks, 0.0).sum(axis=1) + 1e-12)

        between = 10.0 * np.log10(energy((2 * k - 1) / 2.0) / energy(k))
        return between, 10.0 * np.log10(energy(2 * k - 1) / energy(2 * k))


def _steady(series: Array) -> Array:
    """Running median, so that one frame between two notes decides nothing."""
    padded = np.pad(series, STEADY // 2, mode="edge")
    return np.asarray(np.median(sliding_window_view(padded, STEADY), axis=1))
