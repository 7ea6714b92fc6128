"""Voices for the audio input: source and filter, all in float64, and real ones."""

from functools import cache
from pathlib import Path

import numpy as np

from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.recording import load_sound

VOWELS = {"a": (730.0, 1090.0, 2440.0), "i": (270.0, 2290.0, 3010.0), "u": (300.0, 870.0, 2240.0)}
"""Formants in Hz, of a man's voice (Peterson and Barney, 1952)."""

_DATA = Path(__file__).parent / "data"
RECORDED, SPOKEN = (sorted((_DATA / kind).glob("*.flac")) for kind in ("voice", "speech"))
"""Sung phrases, and a sentence."""


def envelope(frequencies_hz, formants_hz, width_hz=90.0):
    """Gain of a vocal tract with these formants over a source that falls by 6 dB per octave."""
    gain = np.zeros(np.shape(frequencies_hz))
    for number, formant in enumerate(formants_hz):
        gain += 10.0 ** (-0.3 * number) / np.hypot(1.0, (frequencies_hz - formant) / width_hz)
    return gain + 1e-3


@cache
def vowel(f0_hz, formants_hz=VOWELS["a"], seconds=1.0, level_db=-20.0):
    """A sung vowel, to be read only."""
    return sung(np.full(round(seconds * SAMPLE_RATE), f0_hz), formants_hz, level_db)


def sung(f0_hz, formants_hz=VOWELS["a"], level_db=-20.0):
    """A vowel on a pitch that moves, (n,) Hz."""
    phase = 2.0 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    audio = np.zeros(len(f0_hz))
    for number in range(1, int(16_000.0 / f0_hz.min()) + 1):
        here = envelope(number * f0_hz, formants_hz) * (number * f0_hz < 16_000.0)
        audio += here * np.sin(number * phase + number**2)
    return (audio * 10.0 ** (level_db / 20.0) / audio.std()).astype(np.float32)


def hiss(seconds=1.0, level_db=-35.0, seed=0):
    """An s: noise from 4 kHz up."""
    n = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    spectrum *= np.fft.rfftfreq(n, 1.0 / SAMPLE_RATE) > 4000.0
    audio = np.fft.irfft(spectrum, n)
    return (audio * 10.0 ** (level_db / 20.0) / audio.std()).astype(np.float32)


def rest(seconds):
    """Digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def recorded(which=0, seconds=None):
    """A sung phrase by its number, or any recording."""
    audio = load_sound(which if isinstance(which, Path) else RECORDED[which]).audio
    return audio if seconds is None else audio[: round(seconds * SAMPLE_RATE)]


def partials(audio, f0_hz, count=30):
    """Amplitudes of the harmonics of a steady sound."""
    n = len(audio) // 2 * 2
    window = np.blackman(n)
    numbers = np.arange(1, count + 1)
    turns = np.exp(-2j * np.pi * np.outer(numbers * f0_hz, np.arange(n)) / SAMPLE_RATE)
    return 2.0 * np.abs(turns @ (audio[:n] * window)) / window.sum()
