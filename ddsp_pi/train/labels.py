"""Pitch labels: a strong offline tracker decides the note, our own gives the cents.

A wrong octave is invisible in the loss (the network learns to use every second harmonic), so
labels must be right before anything is learned. SwiftF0 (Nieradzik 2025) is right about the
octave; the runtime's own normalised autocorrelation, searched near that note only, makes the
label agree in cents with what the live tracker will say.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.nsdf import refine_f0
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.train.octaves import mend_octaves

SURE = 0.4
"""Below this confidence a label is held from its neighbours and hardly counts in training."""

_SWIFT_RATE = 16_000


@dataclass(frozen=True, slots=True)
class PitchLabels:
    """One entry per hop, frame m centred on sample m·HOP."""

    f0_hz: NDArray[np.float32]
    confidence: NDArray[np.float32]


@cache
def _tracker() -> Any:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def label_pitch(audio: NDArray[np.float32]) -> PitchLabels:
    """Labels of (n,) audio at 48 kHz: (n // HOP + 1,) frames, pitch held through unsure stretches."""
    import soxr

    frames = np.arange(len(audio) // HOP + 1) * (HOP / SAMPLE_RATE)
    result = _tracker().detect(soxr.resample(audio, SAMPLE_RATE, _SWIFT_RATE), _SWIFT_RATE)
    confidence = np.interp(frames, result.timestamps, result.confidence)
    note = _held(np.asarray(result.pitch_hz, np.float64), result.confidence >= SURE)
    # The nearest frame decides: interpolating across a note change would invent notes between.
    nearest = np.clip(np.rint(np.interp(frames, result.timestamps, np.arange(len(note)))), 0, len(note) - 1)
    f0_hz = refine_f0(audio, mend_octaves(audio, note[nearest.astype(int)]))
    return PitchLabels(f0_hz.astype(np.float32), confidence.astype(np.float32))


def _held(f0_hz: NDArray[np.float64], sure: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill unsure frames from the sure one before (at the beginning: after)."""
    if not sure.any():
        return np.full_like(f0_hz, 440.0)
    last = np.maximum.accumulate(np.where(sure, np.arange(len(sure)), -1))
    return np.where(last >= 0, f0_hz[last], f0_hz[np.argmax(sure)])
