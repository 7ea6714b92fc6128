"""The Decoder protocol and its players: the network, a static spectrum, and silence."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB, a_weighting
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.models.card import Card, Range, Spectrum

HIGHEST_HZ = 22_500.0
ANY_PITCH, ANY_LOUDNESS = Range(0.0, math.inf), Range(FLOOR_DB, math.inf)


class Decoder(Protocol):
    """One small step per hop: a pitch and a loudness become a spectrum of exactly that loudness."""

    n_harmonics: int
    n_bands: int

    @property
    def pitch_range_hz(self) -> Range:
        """What it has learned; beyond, it plays what it guesses."""

    @property
    def loudness_range_db(self) -> Range:
        """What it has learned; beyond, its level can be trusted, its timbre cannot."""

    def step(self, f0_hz: float, loudness_db: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Amplitudes (n_harmonics,) and magnitudes (n_bands,), valid until the step after the next."""

    def reset(self) -> None:
        """Forget what was played."""


class OnnxDecoder:
    """An instrument's network on onnxruntime: one thread, bound buffers, no allocation per step.

    Two sets of state buffers take turns as input and output, so nothing is copied.
    """

    def __init__(self, session: Any, card: Card) -> None:
        import onnxruntime as ort

        self.n_harmonics, self.n_bands = card.n_harmonics, card.n_bands
        self.pitch_range_hz, self.loudness_range_db = card.pitch_range_hz, card.loudness_range_db
        self._session = session
        self._f0 = np.zeros((1, 1), np.float32)
        self._loudness = np.zeros((1, 1), np.float32)
        self._states = [np.zeros((1, 1, card.hidden), np.float32) for _ in range(2)]
        self._outputs = [
            (np.zeros((1, card.n_harmonics), np.float32), np.zeros((1, card.n_bands), np.float32))
            for _ in range(2)
        ]
        value = ort.OrtValue.ortvalue_from_numpy
        self._turn = 0
        self._bindings = []
        for turn in range(2):
            binding = session.io_binding()
            for name, array in (
                ("f0_hz", self._f0),
                ("loudness_db", self._loudness),
                ("state", self._states[turn]),
            ):
                binding.bind_ortvalue_input(name, value(array))
            for name, array in (
                ("harmonics", self._outputs[turn][0]),
                ("noise", self._outputs[turn][1]),
                ("next_state", self._states[1 - turn]),
            ):
                binding.bind_ortvalue_output(name, value(array))
            self._bindings.append(binding)
        self._results = [(harmonics[0], noise[0]) for harmonics, noise in self._outputs]

    def step(self, f0_hz: float, loudness_db: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See Decoder."""
        turn = self._turn
        self._f0[0, 0] = f0_hz
        self._loudness[0, 0] = loudness_db
        self._session.run_with_iobinding(self._bindings[turn])
        self._turn = 1 - turn
        return self._results[turn]

    def reset(self) -> None:
        """See Decoder."""
        for state in self._states:
            state[:] = 0.0


class StaticDecoder:
    """One fixed spectral envelope at any pitch: the baseline a network must beat."""

    pitch_range_hz, loudness_range_db = ANY_PITCH, ANY_LOUDNESS

    def __init__(self, spectrum: Spectrum, n_harmonics: int, n_bands: int) -> None:
        self.n_harmonics, self.n_bands = n_harmonics, n_bands
        self._log_frequencies = np.log(spectrum.frequencies_hz)
        self._levels = np.asarray(spectrum.harmonic_levels)
        self._noise = np.exp(np.asarray(spectrum.noise_levels))
        self._noise_power = float(self._noise**2 @ band_power(n_bands, a_weighted=True))
        self._numbers = np.arange(1, n_harmonics + 1)

    def step(self, f0_hz: float, loudness_db: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See Decoder."""
        partials_hz = f0_hz * self._numbers
        amplitudes = np.exp(np.interp(np.log(partials_hz), self._log_frequencies, self._levels))
        amplitudes *= partials_hz < HIGHEST_HZ
        power = float(((a_weighting(partials_hz) * amplitudes) ** 2).sum() / 2) + self._noise_power
        gain = 10.0 ** (loudness_db / 20.0) / np.sqrt(power)
        return (amplitudes * gain).astype(np.float32), (self._noise * gain).astype(np.float32)

    def reset(self) -> None:
        """Nothing is remembered."""


class SilentDecoder:
    """Says nothing, at any pitch."""

    pitch_range_hz, loudness_range_db = ANY_PITCH, ANY_LOUDNESS

    def __init__(self, n_harmonics: int = 1, n_bands: int = 2) -> None:
        self.n_harmonics, self.n_bands = n_harmonics, n_bands
        self._silence = np.zeros(n_harmonics, np.float32), np.zeros(n_bands, np.float32)

    def step(self, f0_hz: float, loudness_db: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See Decoder."""
        return self._silence

    def reset(self) -> None:
        """Nothing is remembered."""
