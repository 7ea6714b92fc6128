"""The pitch of a note whose name is known: the name gives the octave, the recording the cents."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.train.analysis import Complex, cycles_of, envelopes, whole_bank

REACH_CENTS = 70.0
"""How far a note may be from its name; a semitone beyond would be another note."""

PARTIALS = 10
LOWEST = np.arange(1.0, PARTIALS + 1.0)
"""The lowest partials are looked at: higher ones of a string are sharp."""

HEARD_S = 0.8
"""From the beginning on."""

SLIDE_S = 0.15
"""Over so long the pitch is taken to be steady."""

SLIDE_CENTS = 30.0
"""The pitch of a note moves no further from its middle."""

STEP = 4
"""Hops over which a phase is watched: short enough for half a semitone of the highest partial."""

FFT = 1 << 18
"""Samples, most of them 0, so that a cent of a low note is more than a bin."""

_HIGHEST_HZ = 8000.0

Array = NDArray[np.float64]


def name_hz(note: NDArray[np.float64] | float) -> Array:
    """Hz of MIDI numbers, of the same shape."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(note, np.float64) - 69.0) / 12.0))


def pitch_contour(audio: NDArray[np.float32], names: Array) -> NDArray[np.float32]:
    """(frames,) Hz of a note that begins with the recording, as it was really tuned.

    From its phase: what the phases of the lowest partials gain on those of a tone that is bent as the
    note is, all of them together, each as much as there is of it.

    Args:
        audio: at least (frames − 1) · HOP samples.
        names: (frames,) MIDI numbers that were played.
    """
    audio = audio[: (len(names) - 1) * HOP]
    tuned = name_hz(names) * 2.0 ** (off_cents(audio, names) / 1200.0)
    gained, weights = _gains(audio, tuned.astype(np.float32))
    # Where nothing is left of the note, it is where it was on the whole.
    off_hz = gained / (weights + 1e-5 * float(weights.max()) + 1e-30)
    widest = tuned * (2.0 ** (SLIDE_CENTS / 1200.0) - 1.0)
    return np.asarray(tuned + np.clip(off_hz, -widest, widest), np.float32)


def off_cents(audio: NDArray[np.float32], names: Array) -> float:
    """How far a note is from its name, −70 … 70 cents.

    The candidate on whose multiples most power lies: for a steady tone in noise the most likely one.
    Octaves cannot be mistaken, as they are never asked about.
    """
    cents = np.arange(-REACH_CENTS, REACH_CENTS + 0.5)
    return float(cents[powers_at(audio, names, cents).sum(axis=1).argmax()])


def powers_at(audio: NDArray[np.float32], names: Array, cents: Array, numbers: Array = LOWEST) -> Array:
    """(candidates, multiples) power on multiples of pitches so many cents from the name.

    `numbers`: which multiples.
    """
    middle = float(name_hz(names).mean())
    heard = unbent(audio, names)[: round(HEARD_S * SAMPLE_RATE)]
    heard = heard * np.hanning(2 * len(heard))[len(heard) :]
    spectrum = np.abs(np.fft.rfft(heard, FFT)) ** 2
    candidates = middle * 2.0 ** (cents / 1200.0)
    places = np.outer(candidates, numbers[numbers * candidates.max() < _HIGHEST_HZ]) * (FFT / SAMPLE_RATE)
    return np.asarray(np.interp(places, np.arange(len(spectrum)), spectrum))


def unbent(audio: NDArray[np.float32], names: Array) -> Array:
    """(n,) samples of a bent note, read at such a pace that its pitch is its mean all the time."""
    if not np.ptp(names):
        return audio.astype(np.float64)
    cycles = cycles_of(name_hz(names).astype(np.float32))
    steady = np.linspace(0.0, cycles[-1], len(cycles))
    pace = np.interp(steady, cycles, np.arange(len(cycles)))
    return np.asarray(np.interp(pace, np.arange(len(audio)), audio))


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
