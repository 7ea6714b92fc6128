"""The one definition of loudness, in training and at run time: A-weighted mean square in dB.

A 1 kHz sine of peak amplitude 1 reads −3.0 dB, white noise of variance 1 a little more than 0 dB
below its A-weighted share. Weighting: IEC 61672-1, annex E.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE

WINDOW = 1024
FLOOR_DB = -100.0

A_POLES_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
"""Corner frequencies of the A curve, from the standard."""


def a_weighting(frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Linear gain of the A curve, 1 at 1 kHz, of the same shape as the input."""
    return _a_curve(np.asarray(frequency_hz, np.float64)) / _a_curve(np.asarray(1000.0))


def _a_curve(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    square = frequency_hz**2
    p1, p2, p3, p4 = (pole**2 for pole in A_POLES_HZ)
    curve: NDArray[np.float64] = (
        p4 * square**2 / ((square + p1) * np.sqrt((square + p2) * (square + p3)) * (square + p4))
    )
    return curve


class LoudnessMeter:
    """Loudness of the last 1024 samples, one value per hop."""

    def __init__(self) -> None:
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        self._weights = _bin_weights()
        self._recent = np.zeros(WINDOW, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._recent[:] = 0.0
        self._pending = 0

    def process(self, block: NDArray[np.float32]) -> list[float]:
        """Take (n,) samples; return the loudness in dB at each hop completed inside the block."""
        readings = []
        while len(block):
            piece = block[: HOP - self._pending]
            block = block[len(piece) :]
            self._recent[: -len(piece)] = self._recent[len(piece) :]
            self._recent[-len(piece) :] = piece
            self._pending += len(piece)
            if self._pending == HOP:
                self._pending = 0
                readings.append(float(_decibels(self._recent * self._window, self._weights)))
        return readings


def loudness_contour(audio: NDArray[np.float32], hop: int = HOP) -> NDArray[np.float32]:
    """Loudness in dB of windows centred on 0, hop, 2·hop, … : (len(audio) // hop + 1,)."""
    padded = np.pad(audio, WINDOW // 2)
    frames = sliding_window_view(padded, WINDOW)[::hop]
    window, weights = np.hanning(WINDOW + 1)[:-1].astype(np.float32), _bin_weights()
    chunks = [_decibels(frames[at : at + 512] * window, weights) for at in range(0, len(frames), 512)]
    return np.concatenate(chunks).astype(np.float32)


def _bin_weights() -> NDArray[np.float32]:
    """What each bin's power adds to the mean square: A curve, one-sided spectrum, window power."""
    weights = a_weighting(np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)) ** 2
    weights[1:-1] *= 2.0
    window_power = float((np.hanning(WINDOW + 1)[:-1] ** 2).sum())
    return (weights / (WINDOW * window_power)).astype(np.float32)


def _decibels(windowed: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    spectrum = np.fft.rfft(windowed)
    power = (spectrum.real**2 + spectrum.imag**2) @ weights
    floor = np.float32(10.0 ** (FLOOR_DB / 10.0))
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)), np.float32)
