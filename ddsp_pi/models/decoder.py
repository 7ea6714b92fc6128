"""The Decoder protocol, and the two players that need no file: a static spectrum, and silence."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB, a_weighting
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.card import Range, Spectrum, Style
from ddsp_pi.models.touch import Touch

HIGHEST_HZ = 22_500.0
ANY_PITCH, ANY_LOUDNESS = Range(0.0, math.inf), Range(FLOOR_DB, math.inf)

Array = NDArray[np.float32]

Answer = tuple[Array, Array]
"""Amplitudes (V, n_harmonics) and magnitudes (V, n_bands)."""


class Decoder(Protocol):
    """One small step per hop for V voices: pitches and loudnesses become spectra of exactly that loudness."""

    voices: int
    n_harmonics: int
    n_bands: int

    @property
    def pitch_range_hz(self) -> Range:
        """What it has learned; beyond, it plays what it guesses."""

    @property
    def loudness_range_db(self) -> Range:
        """What it has learned; beyond, its level can be trusted, its timbre cannot."""

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """(V,) Hz and (V,) dB → amplitudes and magnitudes, always in the same arrays."""

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """Write answers into these arrays from now on, so that nobody has to copy them."""

    def reset(self) -> None:
        """Forget what every voice played."""

    def forget(self, voice: int) -> None:
        """Forget what one voice played; the others remember."""


class PlayedDecoder(Decoder, Protocol):
    """A decoder that is played by notes: it also reads how they are played, and remembers nothing.

    The loudness that it is asked for is the one a note reaches; how it comes and goes is what it
    has learned. Of its harmonics the last are those of the second bank, if its style has one.
    """

    style: Style
    touch: Touch
    """To be filled before every step, V rows."""


def touch_of(decoder: Decoder) -> Touch:
    """The touch of a decoder that is played by notes.

    Raises:
        InstrumentError: it is not.
    """
    touch = getattr(decoder, "touch", None)
    if not isinstance(touch, Touch):
        raise InstrumentError("this instrument is played by pitch and loudness, not by notes")
    return touch


def silence(voices: int, n_harmonics: int, n_bands: int) -> Answer:
    """Arrays for an answer."""
    return np.zeros((voices, n_harmonics), np.float32), np.zeros((voices, n_bands), np.float32)


class StaticDecoder:
    """One fixed spectral envelope at any pitch: the baseline a network must beat."""

    pitch_range_hz, loudness_range_db = ANY_PITCH, ANY_LOUDNESS

    def __init__(self, spectrum: Spectrum, n_harmonics: int, n_bands: int, voices: int = 1) -> None:
        self.voices, self.n_harmonics, self.n_bands = voices, n_harmonics, n_bands
        self._log_frequencies = np.log(spectrum.frequencies_hz)
        self._levels = np.asarray(spectrum.harmonic_levels)
        self._noise = np.exp(np.asarray(spectrum.noise_levels))
        self._noise_power = float(self._noise**2 @ band_power(n_bands, a_weighted=True))
        self._numbers = np.arange(1, n_harmonics + 1)
        self._answer = silence(voices, n_harmonics, n_bands)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        partials_hz = np.multiply.outer(np.asarray(f0_hz, np.float64), self._numbers)
        amplitudes = np.exp(np.interp(np.log(partials_hz), self._log_frequencies, self._levels))
        amplitudes *= partials_hz < HIGHEST_HZ
        power = ((a_weighting(partials_hz) * amplitudes) ** 2).sum(axis=1) / 2 + self._noise_power
        gain = (10.0 ** (np.asarray(loudness_db, np.float64) / 20.0) / np.sqrt(power))[:, None]
        np.multiply(amplitudes, gain, out=self._answer[0], casting="same_kind")
        np.multiply(self._noise, gain, out=self._answer[1], casting="same_kind")
        return self._answer

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise

    def reset(self) -> None:
        """Nothing is remembered."""

    def forget(self, voice: int) -> None:
        """Nothing is remembered."""


class SilentDecoder:
    """Says nothing, at any pitch."""

    pitch_range_hz, loudness_range_db = ANY_PITCH, ANY_LOUDNESS

    def __init__(self, n_harmonics: int = 1, n_bands: int = 2, voices: int = 1) -> None:
        self.voices, self.n_harmonics, self.n_bands = voices, n_harmonics, n_bands
        self._answer = silence(voices, n_harmonics, n_bands)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        for part in self._answer:
            part[:] = 0.0
        return self._answer

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise

    def reset(self) -> None:
        """Nothing is remembered."""

    def forget(self, voice: int) -> None:
        """Nothing is remembered."""


class DecoderAround:
    """A decoder that does with what another one answers as it likes; as it is, nothing."""

    def __init__(self, decoder: Decoder) -> None:
        self.voices, self.n_harmonics, self.n_bands = decoder.voices, decoder.n_harmonics, decoder.n_bands
        self._decoder = decoder

    @property
    def pitch_range_hz(self) -> Range:
        """See Decoder."""
        return self._decoder.pitch_range_hz

    @property
    def loudness_range_db(self) -> Range:
        """See Decoder."""
        return self._decoder.loudness_range_db

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        return self._decoder.step(f0_hz, loudness_db)

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._decoder.answer_into(harmonics, noise)

    def reset(self) -> None:
        """See Decoder."""
        self._decoder.reset()

    def forget(self, voice: int) -> None:
        """See Decoder."""
        self._decoder.forget(voice)
