"""Two instruments as one: a decoder between two decoders."""

import math
from collections.abc import Sequence

import numpy as np

from ddsp_pi.models.card import Range
from ddsp_pi.models.decoder import Answer, Array, Decoder, silence


class MorphDecoder:
    """Blends two decoders by power, which keeps the loudness: both sides have the same.

    `morph` 0 is the first instrument alone, 1 the second. Both step all the time, so that moving
    the knob never meets a cold network. Both must be made for as many voices.
    """

    def __init__(self, first: Decoder, second: Decoder) -> None:
        self.n_harmonics = max(first.n_harmonics, second.n_harmonics)
        self.n_bands = first.n_bands
        self.voices = first.voices
        self.morph = 0.0
        self._decoders = (first, second)
        self._pitches = _ranges(first.pitch_range_hz, second.pitch_range_hz)
        self._loudnesses = _ranges(first.loudness_range_db, second.loudness_range_db)
        self._powers, self._answer = (silence(self.voices, self.n_harmonics, self.n_bands) for _ in range(2))

    @property
    def pitch_range_hz(self) -> Range:
        """See Decoder: what all that are heard have learned."""
        return self._pitches[self._heard]

    @property
    def loudness_range_db(self) -> Range:
        """See Decoder: what all that are heard have learned."""
        return self._loudnesses[self._heard]

    @property
    def _heard(self) -> int:
        """Who is heard: 0 the first alone, 1 both, 2 the second alone."""
        return math.ceil(self.morph) + math.floor(self.morph)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        for power in self._powers:
            power[:] = 0.0
        for decoder, share in zip(self._decoders, (1.0 - self.morph, self.morph), strict=True):
            for power, amplitudes in zip(self._powers, decoder.step(f0_hz, loudness_db), strict=True):
                power[:, : amplitudes.shape[1]] += np.float32(share) * amplitudes * amplitudes
        for power, amplitudes in zip(self._powers, self._answer, strict=True):
            np.sqrt(power, out=amplitudes)
        return self._answer

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise

    def reset(self) -> None:
        """See Decoder."""
        for decoder in self._decoders:
            decoder.reset()

    def forget(self, voice: int) -> None:
        """See Decoder."""
        for decoder in self._decoders:
            decoder.forget(voice)


def _ranges(first: Range, second: Range) -> tuple[Range, Range, Range]:
    """Of the first alone, of both, and of the second alone."""
    return first, first & second, second
