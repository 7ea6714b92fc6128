"""Cross-synthesis: what an instrument answers takes on the colour of what is heard."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.decoder import Answer, Array, Decoder, DecoderAround
from ddsp_pi.models.morph import MorphDecoder

STEPS_PER_HZ = 2
"""Of the table of weights: at 40 Hz the nearest entry is 0.1 dB off at most."""

NOTHING = 1e-20
"""A power below which there is no shape to speak of."""


class Colour:
    """What the input sounds like in a hop, and how much of it is wanted. Whoever listens writes it."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        self.partials = np.zeros(n_harmonics, np.float32)
        """(K,) amplitudes of the input's spectrum at the partials that are played, of any scale."""
        self.bands = np.zeros(n_bands, np.float32)
        """(B,) magnitudes of the input's noise, of any scale."""
        self.model_mix = 1.0
        """Share of the instrument's harmonics: 0 = the input's alone, 1 = the instrument's alone."""
        self.noise = 1.0
        """Gain of the instrument's noise against the trained balance."""
        self.voicing = 1.0
        """Share of the power that is a tone; the rest is noise shaped by the input."""
        self.consonants = 1.0
        """Gain of that noise."""
        self.morph = 0.0
        """Share of the second instrument, where there are two."""


class ColouredDecoder(DecoderAround):
    """A decoder of one voice between whose spectra and the input's a colour chooses.

    The harmonics keep the loudness that the instrument gives them, and the noise of the input has the
    loudness that is asked for: the sum is as loud as the input, whatever its shape.
    """

    def __init__(self, decoder: Decoder, colour: Colour) -> None:
        super().__init__(decoder)
        self._colour = colour
        self._morphing = decoder if isinstance(decoder, MorphDecoder) else None
        self._shared = min(decoder.n_harmonics, len(colour.partials))
        self._steps = np.arange(1, decoder.n_harmonics + 1) * float(STEPS_PER_HZ)
        self._weights = _weights()
        self._band_power = band_power(decoder.n_bands, a_weighted=True).astype(np.float32)
        self._places = np.linspace(0.0, len(colour.bands) - 1.0, decoder.n_bands)
        self._same_bands = len(colour.bands) == decoder.n_bands

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        colour = self._colour
        if self._morphing is not None:
            self._morphing.morph = colour.morph
        harmonics, noise = answer = self._decoder.step(f0_hz, loudness_db)
        if colour.model_mix < 1.0:
            self._mix(harmonics[0], f0_hz[0])
        if colour.voicing < 1.0:
            harmonics *= np.float32(math.sqrt(colour.voicing))
        self._breathe(noise[0], 10.0 ** (loudness_db[0] / 10.0))
        return answer

    def _mix(self, harmonics: Array, f0_hz: float) -> None:
        """Bring the input's distribution in, at the loudness that the harmonics have."""
        mix, shared = self._colour.model_mix, self._shared
        weights = self._weights.take((self._steps * f0_hz).astype(np.intp), mode="clip")
        heard = self._colour.partials[:shared]
        wanted, there = _power(harmonics, weights), _power(heard, weights[:shared])
        harmonics *= np.float32(mix)
        if there > NOTHING:
            harmonics[:shared] += np.float32((1.0 - mix) * math.sqrt(wanted / there)) * heard
        mixed = _power(harmonics, weights)
        if mixed > NOTHING:
            harmonics *= np.float32(math.sqrt(wanted / mixed))

    def _breathe(self, noise: Array, power: float) -> None:
        """The instrument's noise where there is a tone, the input's where there is none."""
        colour = self._colour
        gain = colour.noise * math.sqrt(colour.voicing)
        if gain != 1.0:
            noise *= np.float32(gain)
        unvoiced = (1.0 - colour.voicing) * colour.consonants**2
        if unvoiced == 0.0:
            return
        bands = colour.bands if self._same_bands else self._other_bands()
        there = _power(bands, self._band_power)
        if there > NOTHING:
            # One bank of noise plays both, but they stand for sounds that know nothing of each other.
            np.sqrt(noise * noise + np.float32(unvoiced * power / there) * bands * bands, out=noise)

    def _other_bands(self) -> Array:
        bands = self._colour.bands
        return np.interp(self._places, np.arange(len(bands)), bands).astype(np.float32)


def _power(amplitudes: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    return float(np.dot(amplitudes * amplitudes, weights))


@cache
def _weights() -> NDArray[np.float32]:
    """A-weighted power of a sine of amplitude 1, for every half hertz up to Nyquist, where it is 0."""
    frequencies = np.arange(SAMPLE_RATE // 2 * STEPS_PER_HZ + 1) / STEPS_PER_HZ
    weights = 0.5 * a_weighting(frequencies) ** 2
    weights[-1] = 0.0
    return weights.astype(np.float32)
