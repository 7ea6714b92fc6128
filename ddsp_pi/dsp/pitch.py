"""Live monophonic pitch: two similarity windows, the short one for speed, the long one for bass."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.ear import SILENCE, Tone
from ddsp_pi.dsp.native_ear import make_ear
from ddsp_pi.dsp.nsdf import LONG, SHORT, SHORT_ABOVE_HZ
from ddsp_pi.frame import HOP

LOWEST_HZ, HIGHEST_HZ = 39.0, 2500.0
"""What the two windows can tell at all."""

BASS_LEAD, BASS_DOUBT = 0.12, 0.85
"""How much more similar the long window's bass must be than the short window's pitch of height h:
by the lead, or by doubt · (1 − h) where that is less."""

VOICED_ON, VOICED_OFF = 0.5, 0.3
"""Confidence that starts a voiced stretch, and below which it ends."""

LOUDEST = 8.0
"""Full scales at which broken input is cut, so that no square overflows."""


@dataclass(frozen=True, slots=True)
class Pitch:
    """One reading: f0 in Hz (held while unvoiced), confidence 0..1, the decision, and what was heard."""

    f0_hz: float = 440.0
    confidence: float = 0.0
    voiced: bool = False
    tone: Tone = SILENCE


class PitchTracker:
    """Pitch of a live signal, one reading per hop, from nothing but the past.

    Each window's similarity (see `nsdf`) gives the first peak that is nearly as high as the highest.
    The short window decides, unless the long one hears something clearly more periodic below its
    range. A note is known 4 to 20 ms after it began above 110 Hz, and within 45 ms at 41 Hz.

    Args:
        low_hz, high_hz: range of the notes, within 39..2500 Hz.

    Raises:
        ValueError: an empty range, or one the windows cannot cover.
    """

    def __init__(self, low_hz: float = 40.0, high_hz: float = 2200.0) -> None:
        if not LOWEST_HZ <= low_hz < high_hz <= HIGHEST_HZ:
            raise ValueError(
                f"pitch range {low_hz}..{high_hz} Hz: choose one within {LOWEST_HZ}..{HIGHEST_HZ} Hz"
            )
        self._short = make_ear(SHORT, low_hz, high_hz)
        self._long = make_ear(LONG, low_hz, min(high_hz, SHORT_ABOVE_HZ * 2.0))
        self._hop = np.zeros(HOP, np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._short.reset()
        self._long.reset()
        self._filled = 0
        self._offset = 0.0
        self._pitch = Pitch()

    def process(self, block: NDArray[np.float32]) -> list[Pitch]:
        """Take (n,) samples; return the pitch at each hop completed inside the block."""
        readings = []
        while len(block):
            piece = block[: HOP - self._filled]
            block = block[len(piece) :]
            self._hop[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            if self._filled == HOP:
                self._filled = 0
                readings.append(self._read())
        return readings

    def _read(self) -> Pitch:
        self._clean()
        tone, bass = self._short.hear(self._hop), self._long.hear(self._hop)
        lead = min(BASS_LEAD, BASS_DOUBT * (1.0 - tone.height))
        if 0.0 < bass.f0_hz < SHORT_ABOVE_HZ and bass.height > tone.height + lead:
            tone = bass
        self._pitch = _decide(self._pitch, tone)
        return self._pitch

    def _clean(self) -> None:
        """NaN → 0, far too loud → cut, and off with the slow offset of a DC-coupled input."""
        hop = self._hop
        if not np.isfinite(hop).all():
            np.nan_to_num(hop, copy=False)
        np.clip(hop, -LOUDEST, LOUDEST, out=hop)
        self._offset += 0.01 * (float(hop.sum()) / HOP - self._offset)
        hop -= np.float32(self._offset)


def _decide(last: Pitch, tone: Tone) -> Pitch:
    confidence = min(max((tone.height - 0.4) / 0.5, 0.0), 1.0)
    voiced = confidence > (VOICED_OFF if last.voiced else VOICED_ON)
    if voiced:
        return Pitch(tone.f0_hz, confidence, True, tone)
    return replace(last, confidence=confidence, voiced=False, tone=tone)
