"""Keeps the pitch of a voice from leaping by octaves where the voice does not."""

import math

from ddsp_pi.dsp.nsdf import CENTS
from ddsp_pi.dsp.pitch import Pitch

LEAP_CENTS = 150.0
"""How near to an octave, or to two, a leap of the pitch is doubted."""

PATIENCE, CONVINCED = 20, 4
"""Hops of such a leap until it is believed, 53 ms, and what one in a clean tone counts."""

CLEAN, CLEAR = 0.95, 0.85
"""Confidence of a clean tone, and of one whose octave is likely to be right."""


CLEARER, EVEN = 0.5, 0.005
"""An octave below is the note if it lacks less than that share, and by so much, of full similarity. On sung
phrases that is so for two of three readings an octave too high, and for none of 1800 right ones."""


class OctaveGuard:
    """Doubts a leap by octaves inside a note until it has lasted as long as the note was clear.

    A period that differs a little from the one before is more like the one after the next, and half of a
    period of a voice on its first formant is like the other half: both last for a few hops. Meanwhile the
    pitch goes on where it was.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._last_hz, self._doubt, self._lasted = 0.0, 0, 0

    def check(self, pitch: Pitch) -> float:
        """The pitch in Hz of a voiced reading, or an octave or two beside it."""
        f0_hz = _clearer(pitch)
        octaves = math.log2(f0_hz / self._last_hz) if self._last_hz else 0.0
        leap = round(octaves)
        if leap == 0 or abs(octaves - leap) * CENTS > LEAP_CENTS or self._convinced(pitch.confidence):
            self._go_on(f0_hz, pitch.confidence, leap == 0)
            return f0_hz
        self._last_hz = f0_hz / 2.0**leap
        return self._last_hz

    def _go_on(self, f0_hz: float, confidence: float, same: bool) -> None:
        clear = int(confidence > CLEAR)
        self._lasted = min(self._lasted + clear, PATIENCE) if same else 0
        self._last_hz, self._doubt = f0_hz, 0

    def _convinced(self, confidence: float) -> bool:
        self._doubt += CONVINCED if confidence > CLEAN else 1
        return self._doubt > self._lasted


def _clearer(pitch: Pitch) -> float:
    """The pitch, or the octave below in which the sound is much more like itself."""
    tone = pitch.tone
    below = 1.0 - tone.below_height < CLEARER * (1.0 - tone.height) - EVEN
    return tone.below_hz if below else pitch.f0_hz
