"""What a live input is, hop by hop: its pitch, voicing, loudness and spectral envelope."""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB
from ddsp_pi.dsp.native_hearing import make_hearing
from ddsp_pi.dsp.octave_guard import OctaveGuard
from ddsp_pi.dsp.pitch import Pitch, PitchTracker

RANGES = MappingProxyType({"voice": (70.0, 1100.0), "bass": (40.0, 400.0), "treble": (140.0, 2200.0)})
"""Lowest and highest note in Hz of what is listened to."""

SURE, UNSURE = 0.55, 0.15
"""Confidence from which a sound is all partials, and down to which it is all noise."""

ALIKE, UNLIKE = 0.5, 0.0
"""Likeness of neighbouring periods, in the same sense: it knows in 5 ms that a vowel has become an s."""

FASTEST = 0.5
"""What the voicing moves by in a hop at most: from one end to the other in 5 ms, without a click."""

STILL_HZ = 440.0
"""The pitch before any was heard."""


class Heard:
    """What one hop said; one object, written anew with every hop."""

    __slots__ = ("clipped", "confidence", "f0_hz", "loudness_db", "peak", "voiced", "voicing")

    f0_hz: float
    """As tracked; held while unvoiced."""
    confidence: float
    """0..1, how periodic the sound is."""
    voiced: bool
    """The tracker's decision."""
    voicing: float
    """0..1, all noise to all partials, never in a leap."""
    loudness_db: float
    """A-weighted, on the scale of `loudness`."""
    peak: float
    """Largest absolute sample as it came in; 1 is full scale."""
    clipped: bool
    """Whether samples were cut off at full scale, or none at all."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was heard."""
        self.f0_hz, self.confidence, self.voiced, self.voicing = STILL_HZ, 0.0, False, 0.0
        self.loudness_db, self.peak, self.clipped = FLOOR_DB, 0.0, False


class Listener:
    """Listens to a live mono input, one hop at a time, and answers from nothing but the past.

    A louder note is known in 0.7 periods and a new vowel in little more than one (to −3 dB), noise in 6 ms. A
    consonant is all noise 8 ms after a vowel ended; a vowel is all partials when its pitch is known, 8 to
    24 ms after it began.

    Args:
        low_hz, high_hz: range of the notes, within 39..2500 Hz; see RANGES.
        n_bands: noise bands.
        n_harmonics: most partials that are asked for.

    Raises:
        ValueError: an empty range, or one the tracker cannot cover.
    """

    def __init__(
        self, low_hz: float = 70.0, high_hz: float = 1100.0, n_bands: int = 65, n_harmonics: int = 100
    ) -> None:
        self.heard = Heard()
        self._low_hz, self._high_hz = low_hz, high_hz
        self._tracker = PitchTracker(low_hz, high_hz)
        self._guard = OctaveGuard()
        self._hearing = make_hearing(n_bands)

    def reset(self) -> None:
        """Forget what was heard."""
        self.heard.reset()
        self._tracker.reset()
        self._guard.reset()
        self._hearing.reset()

    def hear(self, hop: NDArray[np.float32]) -> Heard:
        """Take (HOP,) samples, NaN and infinity too; return what they said, the same object every time."""
        heard, hearing = self.heard, self._hearing
        pitch = self._tracker.process(hearing.take(hop))[0]
        heard.peak, heard.clipped = hearing.peak, hearing.clipped
        heard.confidence, heard.voiced = pitch.confidence, pitch.voiced
        if pitch.voiced:
            heard.f0_hz = min(max(self._guard.check(pitch), self._low_hz), self._high_hz)
        else:
            self._guard.reset()
        heard.loudness_db, likeness = hearing.hear(heard.f0_hz)
        heard.voicing += min(max(_voicing(pitch, likeness) - heard.voicing, -FASTEST), FASTEST)
        return heard

    def harmonics(self, f0_hz: float, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """Amplitudes of partials k·f0, k = 1…K, as the input's envelope has them at k·f0 / ratio.

        Args:
            f0_hz: Hz, more than 0.
            formant_ratio: 2 moves the formants up by an octave.
            out: (K,) linear peak amplitudes, 0 above Nyquist; with the input's own pitch and a ratio of 1
                those of the input's own partials.
        """
        self._hearing.harmonics(f0_hz, formant_ratio, out)

    def noise(self, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """Magnitudes (n_bands,) for `FilteredNoise`: noise of the input's spectrum and level."""
        self._hearing.noise(formant_ratio, out)


def _voicing(pitch: Pitch, likeness: float) -> float:
    if not pitch.voiced:
        return 0.0
    return min(_share(pitch.confidence, UNSURE, SURE), _share(likeness, UNLIKE, ALIKE))


def _share(value: float, nothing: float, everything: float) -> float:
    return min(max((value - nothing) / (everything - nothing), 0.0), 1.0)
