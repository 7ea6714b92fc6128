"""Synthetic voices whose spectral envelope is known, and the method that an earlier system reads it with."""

import numpy as np

from ddsp_pi.frame import SAMPLE_RATE

VOWELS = {"a": (730.0, 1090.0, 2440.0), "i": (270.0, 2290.0, 3010.0), "u": (300.0, 870.0, 2240.0)}
"""First three formants in Hz, of men as measured by Peterson and Barney (JASA 1952)."""

BANDWIDTHS_HZ = (80.0, 90.0, 120.0, 175.0, 250.0)
UPPER_HZ = (3500.0, 4500.0)
CORNER_HZ = 150.0
"""Where the source, radiation included, begins to fall by 6 dB an octave."""

HIGHEST_HZ = 20_000.0


def envelope(formants_hz, frequency_hz):
    """Amplitudes of a vowel at any frequencies."""
    frequency_hz = np.asarray(frequency_hz, float)
    s = 2j * np.pi * frequency_hz
    response = 1.0 / (1.0 + 1j * frequency_hz / CORNER_HZ)
    for formant, bandwidth in zip((*formants_hz, *UPPER_HZ), BANDWIDTHS_HZ, strict=False):
        pole = -np.pi * bandwidth + 2j * np.pi * formant
        response = response * abs(pole) ** 2 / ((s - pole) * (s - pole.conjugate()))
    return 0.2 * (np.abs(response) + 1e-4)


def sing(formants_hz, f0_hz):
    """A vowel on a pitch path (n,): its partials have exactly the amplitudes of the envelope."""
    phase = 2.0 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    grid = np.linspace(0.0, SAMPLE_RATE / 2, 4801)
    known, audio = envelope(formants_hz, grid), np.zeros(len(f0_hz))
    for k in range(1, int(HIGHEST_HZ / f0_hz.min()) + 1):
        level = np.interp(k * f0_hz, grid, known) * (k * f0_hz < HIGHEST_HZ)
        # Nearly in phase, as behind a glottis.
        audio += level * np.cos(k * phase + 0.3 * np.sin(k))
    return audio.astype(np.float32)


def hold(f0_hz, seconds=0.4):
    return np.full(round(seconds * SAMPLE_RATE), float(f0_hz))


def picked_peaks(newest, f0_hz, frequency_hz):
    """Levels in dB at (n,) frequencies: sinusoidal peaks of 2048 samples, with straight lines between."""
    n = 2048
    spectrum = np.abs(np.fft.rfft(newest[-n:] * np.hanning(n))) * 4.0 / n
    level = 20.0 * np.log10(spectrum + 1e-10)
    at = 1 + np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] >= level[2:]) & (level[1:-1] > -95.0))
    before, here, after = level[at - 1], level[at], level[at + 1]
    shift = 0.5 * (before - after) / (before - 2.0 * here + after)
    peaks_hz, heights = (at + shift) * SAMPLE_RATE / n, here - 0.25 * (before - after) * shift
    places, levels = [0.0], [-100.0]
    for k in range(1, int(HIGHEST_HZ / f0_hz) + 1):
        best = int(np.abs(peaks_hz - k * f0_hz).argmin()) if len(peaks_hz) else 0
        if len(peaks_hz) and abs(peaks_hz[best] - k * f0_hz) < f0_hz / 3 + 0.01 * peaks_hz[best]:
            places.append(k * f0_hz)
            levels.append(heights[best])
    return np.interp(frequency_hz, places, levels, right=-100.0)
