"""What is heard in a recording: the pitch of the parts that are whole."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAME = 4096
"""85 ms: an emulated machine is late at times, and the gaps that it leaves are shorter or further apart."""

FAINT = 0.005
WHOLE = 0.97
"""Of a frame's power, what must come again one period later. A gap in it takes more than that."""


def load(path: Path) -> tuple[NDArray[np.float64], int]:
    """The first channel, full scale 1: (samples,), and its rate in Hz."""
    with wave.open(str(path)) as file:
        rate_hz, channels = file.getframerate(), file.getnchannels()
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return raw.reshape(-1, channels)[:, 0] / 32768.0, rate_hz


def notes(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """MIDI notes of the frames that hold one steady tone: (frames,)."""
    starts = range(0, len(samples) - FRAME + 1, FRAME // 2)
    found = (_period(samples[start : start + FRAME]) for start in starts)
    return np.array([69.0 + 12.0 * np.log2(rate_hz / period / 440.0) for period in found if period])


def _period(frame: NDArray[np.float64]) -> float:
    """Samples per period by normalised autocorrelation (McLeod and Wyvill 2005); 0: not one steady tone."""
    if np.sqrt(np.mean(frame**2)) < FAINT:
        return 0.0
    similar = _similarity(frame)
    low = int(np.argmax(similar < 0.0))
    best = similar[low:].max()
    if low == 0 or best < WHOLE:
        return 0.0
    # The first peak that is nearly as high as the highest: the highest may be two periods away.
    lag = low + int(np.argmax(similar[low:] > 0.98 * best))
    while similar[lag + 1] > similar[lag]:
        lag += 1
    before, at, after = similar[lag - 1 : lag + 2]
    return float(lag + 0.5 * (before - after) / (before - 2.0 * at + after))


def _similarity(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    size = len(frame)
    spectrum = np.fft.rfft(frame, 2 * size)
    products = np.fft.irfft(np.abs(spectrum) ** 2)[: size // 2]
    power = np.concatenate(([0.0], np.cumsum(frame**2)))
    lags = np.arange(size // 2)
    return np.asarray(2.0 * products / (power[size - lags] + power[-1] - power[lags] + 1e-12))
