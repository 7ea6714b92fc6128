"""The pitch of a note whose name is known: the name gives the octave, the recording the cents."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.train.analysis import Complex, envelopes, whole_bank

REACH_CENTS = 70.0
"""How far a note may be from its name; a semitone beyond would be another note."""

PARTIALS = 10
"""The lowest are looked at: higher ones of a string are sharp."""

HEARD_S = 0.8
"""From the beginning on."""

SLIDE_S = 0.15
"""Over so long the pitch is taken to be steady."""

SLIDE_CENTS = 30.0
"""The pitch of a note moves no further from its middle."""

STEP = 4
"""Hops over which a phase is watched: short enough for half a semitone of the highest partial."""

_HIGHEST_HZ = 8000.0

Array = NDArray[np.float64]


def name_hz(note: float) -> float:
    """Hz of a MIDI number."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def tuned_hz(audio: NDArray[np.float32], note: float) -> float:
    """Hz of a note that begins with the recording.

    The candidate, among those near the name, on whose multiples most power lies: for a steady tone in
    noise the most likely one. Octaves cannot be mistaken, as they are never asked about.
    """
    heard = audio[: round(HEARD_S * SAMPLE_RATE)].astype(np.float64)
    heard = heard * np.hanning(2 * len(heard))[len(heard) :]
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(heard, size)) ** 2
    cents = np.arange(-REACH_CENTS, REACH_CENTS + 0.5)
    candidates = name_hz(note) * 2.0 ** (cents / 1200.0)
    numbers = np.arange(1, PARTIALS + 1)
    places = np.outer(candidates, numbers[numbers * candidates[-1] < _HIGHEST_HZ]) * (size / SAMPLE_RATE)
    power = np.interp(places, np.arange(len(spectrum)), spectrum)
    return float(candidates[power.sum(axis=1).argmax()])


def pitch_contour(audio: NDArray[np.float32], note: float) -> NDArray[np.float32]:
    """(len(audio) // HOP + 1,) Hz of a note that begins with the recording and hardly moves.

    From its phase: what the phases of the lowest partials gain on those of a steady tone, all of them
    together, each as much as there is of it.
    """
    middle = tuned_hz(audio, note)
    frames = len(audio) // HOP + 1
    gained, weights = _gains(audio[: (frames - 1) * HOP], np.full(frames, middle, np.float32))
    # Where nothing is left of the note, it is where it was on the whole.
    off_hz = gained / (weights + 1e-5 * float(weights.max()) + 1e-30)
    widest = middle * (2.0 ** (SLIDE_CENTS / 1200.0) - 1.0)
    return (middle + np.clip(off_hz, -widest, widest)).astype(np.float32)


def _gains(audio: NDArray[np.float32], f0_hz: NDArray[np.float32]) -> tuple[Array, Array]:
    """Weighted Hz above the steady tone, and the weights, (frames,) each."""
    gained, weights = np.zeros((2, len(f0_hz)))
    for column, _, envelope in envelopes(audio, f0_hz, whole_bank(PARTIALS)):
        number = column + 1
        turns = np.pad(envelope[STEP:] * envelope[:-STEP].conj(), (STEP // 2, STEP - STEP // 2))
        steady = _smoothed(turns, round(SLIDE_S * HOP_RATE))
        strength = np.abs(steady)
        gained += number * strength * np.angle(steady) * (HOP_RATE / (2.0 * np.pi * STEP))
        weights += number**2 * strength
    return gained, weights


def _smoothed(values: Complex, width: int) -> NDArray[np.complex128]:
    """Sums over `width` frames around each."""
    window = np.hanning(width | 1)
    return np.convolve(values, window)[len(window) // 2 :][: len(values)]
