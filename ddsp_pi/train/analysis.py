"""Analysis of recordings into what the synthesizer plays: harmonic amplitudes and noise bands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import band_power, band_responses
from ddsp_pi.frame import HOP, SAMPLE_RATE

FLOOR = 1e-7
"""Amplitude below which nothing is told apart; it only keeps logarithms finite."""
_NOISE_WINDOW = 1024
_NOISE_TAPER = np.hanning(_NOISE_WINDOW + 1)[:-1].astype(np.float32)
_HIGHEST_HZ = 22_000.0

Complex = NDArray[np.complex64]


def cycles_of(f0_hz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Phase in cycles at every sample, (len(f0_hz) − 1) · HOP of them, f0 linear between frames."""
    ramp = np.arange(HOP) / HOP
    steps = (f0_hz[:-1, None] * (1.0 - ramp) + f0_hz[1:, None] * ramp).astype(np.float64) / SAMPLE_RATE
    return np.concatenate([[0.0], np.cumsum(steps.ravel())[:-1]])


@dataclass(frozen=True, slots=True)
class Bank:
    """Partials at multiples of one frequency."""

    ratio: float
    """Of that frequency to the pitch."""
    present: NDArray[np.bool_]
    """(n,) whether there is such a partial, from the first multiple on."""


def whole_bank(n: int) -> Bank:
    """The first n harmonics."""
    return Bank(1.0, np.ones(n, np.bool_))


def analyse(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], n_harmonics: int, n_bands: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Harmonic amplitudes (frames, n_harmonics) and noise magnitudes (frames, n_bands).

    Harmonics by heterodyning at k·φ(t) with a Hann low-pass; noise from what is left when they
    are taken out. `audio` has at least (frames − 1) · HOP samples, `f0_hz` is (frames,).
    """
    audio = audio[: (len(f0_hz) - 1) * HOP]
    amplitudes, residual = _partials(audio, f0_hz, whole_bank(n_harmonics))
    return np.maximum(amplitudes, FLOOR), _band_magnitudes(residual, n_bands)


def analyse_note(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], banks: Sequence[Bank], n_bands: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `analyse`, of one note that begins with the first sample, in any number of banks.

    A window that reaches beyond the beginning or the end counts what it has of the note in full, so
    that an attack begins with its first sample, at its own level.

    Returns:
        Amplitudes (frames, partials of all banks) and magnitudes (frames, n_bands).
    """
    audio = audio[: (len(f0_hz) - 1) * HOP]
    inside = shares(len(audio), _window_of(f0_hz))
    residual, amplitudes = audio, []
    for bank in banks:
        found, left = _partials(audio, f0_hz, bank, inside)
        amplitudes.append(found)
        residual = residual + (left - audio)
    noise = _band_magnitudes(residual, n_bands) / np.sqrt(shares(len(audio), _NOISE_TAPER**2))[:, None]
    return np.maximum(np.concatenate(amplitudes, axis=1), FLOOR), np.maximum(noise, FLOOR)


def shares(samples: int, window: NDArray[np.float32]) -> NDArray[np.float32]:
    """(samples // HOP + 1,) how much of a window around every hop lies inside so many samples."""
    sums = np.concatenate([[0.0], np.cumsum(window / window.sum(dtype=np.float64))])
    first = np.arange(0, samples + 1, HOP) - len(window) // 2
    before, after = (sums[np.clip(end, 0, len(window))] for end in (-first, samples - first))
    return np.asarray(after - before, np.float32)


def envelopes(
    audio: NDArray[np.float32],
    f0_hz: NDArray[np.float32],
    bank: Bank,
    inside: NDArray[np.float32] | None = None,
) -> Iterator[tuple[int, Complex, Complex]]:
    """Of each partial of a bank its column, its carrier (samples,) and its envelope (frames,).

    `inside`: (frames,) what to take for the whole of a window.
    """
    down = np.exp(-2j * np.pi * (bank.ratio * cycles_of(f0_hz) % 1.0)).astype(np.complex64)
    window = _window_of(f0_hz)
    carrier = np.ones_like(down)
    for column, present in enumerate(bank.present):
        carrier *= down
        heard = (column + 1) * bank.ratio * f0_hz < _HIGHEST_HZ
        if not heard.any():
            break
        if present:
            envelope = _low_passed(audio * carrier, window)
            yield column, carrier, envelope * (heard if inside is None else heard / inside)


def _partials(
    audio: NDArray[np.float32],
    f0_hz: NDArray[np.float32],
    bank: Bank,
    inside: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Amplitudes (frames, n) of the partials of a bank, and what is left of the audio without them."""
    residual = audio.astype(np.float32).copy()
    amplitudes = np.zeros((len(f0_hz), len(bank.present)), np.float32)
    for column, carrier, envelope in envelopes(audio, f0_hz, bank, inside):
        amplitudes[:, column] = np.abs(envelope)
        residual -= _modulated(envelope, carrier)
    return amplitudes, residual


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
    window = _NOISE_TAPER
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
