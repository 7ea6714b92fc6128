"""How bright each string is struck: harmonics that are tilted, by as much as its own hit asks for."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.models.decoder import Answer, Array, Decoder, DecoderAround, PlayedDecoder
from ddsp_pi.models.touch import Touch
from ddsp_pi.modes.banks import BankedDecoder
from ddsp_pi.modes.voices import OCTAVE_DB

NO_POWER = 1e-30


class Slope(NamedTuple):
    """What a strike makes of its harmonics; as an object each is its own, even where it is as steep."""

    db: float
    """Per octave."""


FLAT = Slope(0.0)
"""As the instrument answers."""

Slopes = list[Slope]
"""Of each string; whoever strikes one writes its slope."""


class Tilts:
    """Gains of the harmonics of all voices, for one decoder.

    A slope is levelled by the first spectrum that is answered for it, so that it is as loud as without, and
    stays as it is until the next strike: from hop to hop that takes one product, where levelling takes ten.
    """

    def __init__(self, slopes: Slopes, voices: int, n_harmonics: int) -> None:
        self._slopes, self._known = slopes, [FLAT] * voices
        self._numbers = np.arange(1, n_harmonics + 1)
        self._gains = np.ones((voices, n_harmonics), np.float32)
        self._is_flat = True

    def tilt(self, harmonics: Array, f0_hz: Sequence[float]) -> None:
        """Tilt (V, K) answers for (V,) pitches in place; of V voices those beyond the strings follow them."""
        slopes, known = self._slopes, self._known
        for voice, before in enumerate(known):
            string = voice % len(slopes)
            if slopes[string] is not before:
                known[voice] = slopes[string]
                self._gains[voice] = self._levelled(harmonics[voice], f0_hz[string], slopes[string].db)
                self._is_flat = all(slope.db == 0.0 for slope in known)
        if not self._is_flat:
            np.multiply(harmonics, self._gains, harmonics)

    def _levelled(self, amplitudes: Array, f0_hz: float, slope_db: float) -> "Array | float":
        """(K,) gains after which these amplitudes are as loud as before."""
        if slope_db == 0.0:
            return 1.0
        gains = self._numbers ** (slope_db / OCTAVE_DB)
        heard = amplitudes * a_weighting(f0_hz * self._numbers)
        before, after = float(heard @ heard), float(heard * gains @ (heard * gains))
        return np.asarray(gains * (math.sqrt(before / after) if after > NO_POWER else 1.0), np.float32)


class SlopingDecoder(DecoderAround):
    """A decoder whose answers are tilted."""

    def __init__(self, decoder: Decoder, slopes: Slopes) -> None:
        super().__init__(decoder)
        self._tilts = Tilts(slopes, decoder.voices, decoder.n_harmonics)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        answer = super().step(f0_hz, loudness_db)
        self._tilts.tilt(answer[0], f0_hz)
        return answer


class SlopingBanks(BankedDecoder):
    """The same for an instrument that is played by notes; both of its banks are tilted alike."""

    def __init__(
        self, decoder: PlayedDecoder, touch: Touch, knobs: Mapping[str, float], slopes: Slopes
    ) -> None:
        super().__init__(decoder, touch, knobs)
        self._tilts = Tilts(slopes, self.voices, self.n_harmonics)

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder."""
        answer = super().step(f0_hz, loudness_db)
        self._tilts.tilt(answer[0], f0_hz)
        return answer


def sloping(decoder: Decoder, touch: Touch, knobs: Mapping[str, float], slopes: Slopes) -> Decoder:
    """A decoder of S strings, with a slope for each, as its kind is played.

    `touch` and `knobs`: how strings are struck, and the controllers of an instrument that is played by notes.
    """
    if hasattr(decoder, "style"):
        return SlopingBanks(cast(PlayedDecoder, decoder), touch, knobs, slopes)
    return SlopingDecoder(decoder, slopes)
