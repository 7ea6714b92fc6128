"""The reference where there is no torch: the same sums on numpy."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.bench.report import REFERENCE_HZ
from ddsp_pi.frame import HOP, SAMPLE_RATE

WIDTH = 512

IN_WORDS = "512-wide decoder and float64 sine sum in numpy (torch, the usual way, is not installed)"


class NumpyReference:
    """Random weights; three 512-wide layers before and behind a GRU, and a float64 sum of sines."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        rng = np.random.default_rng(0)

        def weights(rows: int, columns: int) -> NDArray[np.float32]:
            return (rng.standard_normal((rows, columns)) / math.sqrt(columns)).astype(np.float32)

        self._inputs = [weights(WIDTH, 2)] + [weights(WIDTH, WIDTH) for _ in range(2)]
        self._gru = weights(3 * WIDTH, WIDTH), weights(3 * WIDTH, WIDTH)
        self._outputs = [weights(WIDTH, WIDTH) for _ in range(3)]
        self._head = weights(n_harmonics + n_bands, WIDTH)
        self._state = np.zeros(WIDTH, np.float32)
        self._numbers = np.arange(1, n_harmonics + 1)[:, None]
        self._bank = rng.standard_normal((HOP, n_bands))
        self._phase = np.arange(HOP) * REFERENCE_HZ / SAMPLE_RATE

    def render(self) -> NDArray[np.float64]:
        """(HOP,) samples."""
        n_harmonics = len(self._numbers)
        amplitudes = self._step(np.array([0.3, -0.2], np.float32)).astype(np.float64)
        sines = np.sin(2.0 * np.pi * self._numbers * self._phase)
        tones: NDArray[np.float64] = (amplitudes[:n_harmonics, None] * sines).sum(axis=0)
        return tones + self._bank @ amplitudes[n_harmonics:]

    def _step(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        for layer in self._inputs:
            x = np.maximum(layer @ x, 0.0)
        reset, update, new = np.split(self._gru[0] @ x, 3)
        old_reset, old_update, old_new = np.split(self._gru[1] @ self._state, 3)
        gate = 1.0 / (1.0 + np.exp(-(update + old_update)))
        candidate = np.tanh(new + old_new / (1.0 + np.exp(-(reset + old_reset))))
        self._state = x = gate * self._state + (1.0 - gate) * candidate
        for layer in self._outputs:
            x = np.maximum(layer @ x, 0.0)
        return np.asarray(np.exp(self._head @ x * 0.1))
