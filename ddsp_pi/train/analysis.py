"""Analysis of recordings into what the synthesizer plays: harmonic amplitudes and noise bands."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import band_power, band_responses
from ddsp_pi.frame import HOP, SAMPLE_RATE

FLOOR = 1e-7
"""Amplitude below which nothing is told apart; it only keeps logarithms finite."""
_NOISE_WINDOW = 1024
_HIGHEST_HZ = 22_000.0


def cycles_of(f0_hz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Phase in cycles at every sample, (len(f0_hz) − 1) · HOP of them, f0 linear between frames."""
    ramp = np.arange(HOP) / HOP
    steps = (f0_hz[:-1, None] * (1.0 - ramp) + f0_hz[1:, None] * ramp).astype(np.float64) / SAMPLE_RATE
    return np.concatenate([[0.0], np.cumsum(steps.ravel())[:-1]])


def analyse(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], n_harmonics: int, n_bands: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Harmonic amplitudes (frames, n_harmonics) and noise magnitudes (frames, n_bands).

    Harmonics by heterodyning at k·φ(t) with a Hann low-pass; noise from what is left when they
    are taken out. `audio` has at least (frames − 1) · HOP samples, `f0_hz` is (frames,).
    """
    samples = (len(f0_hz) - 1) * HOP
    residual = audio[:samples].astype(np.float32).copy()
    amplitudes = np.zeros((len(f0_hz), n_harmonics), np.float32)
    down = np.exp(-2j * np.pi * (cycles_of(f0_hz) % 1.0)).astype(np.complex64)
    window = _window_of(f0_hz)
    carrier = np.ones_like(down)
    for k in range(1, n_harmonics + 1):
        carrier *= down
        inside = k * f0_hz < _HIGHEST_HZ
        if not inside.any():
            break
        envelope = _low_passed(audio[:samples] * carrier, window) * inside
        amplitudes[:, k - 1] = np.abs(envelope)
        residual -= _modulated(envelope, carrier)
    return np.maximum(amplitudes, FLOOR), _band_magnitudes(residual, n_bands)


def _window_of(f0_hz: NDArray[np.float32]) -> NDArray[np.float32]:
    """A Hann window of whole hops, at least four periods of the lowest note and 32 ms."""
    lowest = float(np.percentile(f0_hz, 2))
    hops = max(12, int(np.ceil(4 * SAMPLE_RATE / lowest / HOP)))
    return np.hanning((hops + hops % 2) * HOP + 1)[:-1].astype(np.float32)


def _low_passed(signal: NDArray[np.complex64], window: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Windowed mean ·2 centred on every hop, as one product of hop-long rows and window columns."""
    hops = len(window) // HOP
    padded = np.pad(signal, hops // 2 * HOP).reshape(-1, HOP)
    columns = (window.reshape(hops, HOP).T * (2.0 / window.sum())).astype(np.complex64)
    parts = padded @ columns
    frames = len(signal) // HOP + 1
    total = np.zeros(frames, np.complex64)
    for hop in range(hops):
        total += parts[hop : hop + frames, hop]
    return total


def _modulated(envelope: NDArray[np.complex64], carrier: NDArray[np.complex64]) -> NDArray[np.float32]:
    ramp = (np.arange(HOP, dtype=np.float32) / HOP)[None, :]
    between = envelope[:-1, None] + (envelope[1:] - envelope[:-1])[:, None] * ramp
    wave: NDArray[np.float32] = (between.ravel() * carrier.conj()).real
    return wave


def _band_magnitudes(residual: NDArray[np.float32], n_bands: int) -> NDArray[np.float32]:
    """Root of the band powers over the bands' share of white noise: white variance 1 reads 1."""
    window = np.hanning(_NOISE_WINDOW + 1)[:-1].astype(np.float32)
    frames = sliding_window_view(np.pad(residual, _NOISE_WINDOW // 2), _NOISE_WINDOW)[::HOP]
    responses = band_responses(n_bands, np.fft.rfftfreq(_NOISE_WINDOW, 1 / SAMPLE_RATE))
    weights = (responses * (2.0 / (_NOISE_WINDOW * float((window**2).sum())))).T.astype(np.float32)
    chunks = []
    for at in range(0, len(frames), 1024):
        spectrum = np.fft.rfft(frames[at : at + 1024] * window)
        chunks.append((spectrum.real**2 + spectrum.imag**2) @ weights)
    power = np.concatenate(chunks) / band_power(n_bands).astype(np.float32)
    magnitudes: NDArray[np.float32] = np.sqrt(np.maximum(power, FLOOR**2))
    return magnitudes
