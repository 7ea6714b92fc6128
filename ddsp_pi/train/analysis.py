"""Analysis of recordings into what the synthesizer plays: harmonic amplitudes and noise bands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import band_power, band_responses
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.train.edges import envelopes_at

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

    @property
    def multiples(self) -> NDArray[np.float64]:
        """(n,) of the pitch; 0 where there is no partial."""
        return np.asarray(self.ratio * np.arange(1, len(self.present) + 1) * self.present)


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
    residual, bank = audio.astype(np.float32).copy(), whole_bank(n_harmonics)
    edge = np.empty(0, np.intp), np.empty((0, n_harmonics), np.complex64)
    amplitudes = _taken_out(residual, envelopes(audio, f0_hz, bank), edge)
    return np.maximum(amplitudes, FLOOR), _band_magnitudes(residual, n_bands)


def analyse_note(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], banks: Sequence[Bank], n_bands: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """As `analyse`, of one note that begins with the first sample, in any number of banks.

    Where a window reaches beyond the beginning or the end, what it has of the note is all that counts, so
    that an attack begins with its first sample, at its own level.

    Returns:
        Amplitudes (frames, partials of all banks) and magnitudes (frames, n_bands).
    """
    audio = audio[: (len(f0_hz) - 1) * HOP]
    residual, amplitudes = audio.astype(np.float32).copy(), []
    for bank, edge in zip(banks, _at_edges(audio, f0_hz, banks), strict=True):
        amplitudes.append(_taken_out(residual, envelopes(audio, f0_hz, bank), edge))
    noise = _band_magnitudes(residual, n_bands) / np.sqrt(shares(len(audio), _NOISE_TAPER**2))[:, None]
    return np.maximum(np.concatenate(amplitudes, axis=1), FLOOR), np.maximum(noise, FLOOR)


def _at_edges(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], banks: Sequence[Bank]
) -> list[tuple[NDArray[np.intp], Complex]]:
    """Frames whose windows reach beyond the audio; for each bank, envelopes (len(frames), n) there."""
    window, multiples = _window_of(f0_hz), np.concatenate([bank.multiples for bank in banks])
    frames = np.flatnonzero(shares(len(audio), window) < 1.0 - 1e-6)
    heard = (multiples > 0.0) & (multiples * f0_hz.max() < _HIGHEST_HZ)
    found = np.zeros((len(frames), len(multiples)), np.complex64)
    found[:, heard] = envelopes_at(audio, cycles_of(f0_hz), multiples[heard], window, frames)
    ends = np.cumsum([len(bank.present) for bank in banks])[:-1]
    return [(frames, part) for part in np.split(found, ends, axis=1)]


def shares(samples: int, window: NDArray[np.float32]) -> NDArray[np.float32]:
    """(samples // HOP + 1,) how much of a window around every hop lies inside so many samples."""
    sums = np.concatenate([[0.0], np.cumsum(window / window.sum(dtype=np.float64))])
    first = np.arange(0, samples + 1, HOP) - len(window) // 2
    before, after = (sums[np.clip(end, 0, len(window))] for end in (-first, samples - first))
    return np.asarray(after - before, np.float32)


def envelopes(
    audio: NDArray[np.float32], f0_hz: NDArray[np.float32], bank: Bank
) -> Iterator[tuple[int, Complex, Complex]]:
    """Of each partial of a bank its column, its carrier (samples,) and its envelope (frames,)."""
    down = np.exp(-2j * np.pi * (bank.ratio * cycles_of(f0_hz) % 1.0)).astype(np.complex64)
    window = _window_of(f0_hz)
    carrier = np.ones_like(down)
    for column, present in enumerate(bank.present):
        carrier *= down
        heard = (column + 1) * bank.ratio * f0_hz < _HIGHEST_HZ
        if not heard.any():
            break
        if present:
            yield column, carrier, _low_passed(audio * carrier, window) * heard


def _taken_out(
    residual: NDArray[np.float32],
    partials: Iterator[tuple[int, Complex, Complex]],
    edge: tuple[NDArray[np.intp], Complex],
) -> NDArray[np.float32]:
    """Amplitudes (frames, n) of partials, which are gone from the residual then.

    `edge`: frames where other envelopes count, and these, (len(frames), n).
    """
    frames, others = edge
    amplitudes = np.zeros((len(residual) // HOP + 1, others.shape[1]), np.float32)
    for column, carrier, envelope in partials:
        envelope[frames] = others[:, column]
        amplitudes[:, column] = np.abs(envelope)
        residual -= _modulated(envelope, carrier)
    return amplitudes


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
    window, weights = _NOISE_TAPER, _band_weights(n_bands)
    frames = sliding_window_view(np.pad(residual, _NOISE_WINDOW // 2), _NOISE_WINDOW)[::HOP]
    chunks = []
    for at in range(0, len(frames), 1024):
        spectrum = np.fft.rfft(frames[at : at + 1024] * window)
        chunks.append((spectrum.real**2 + spectrum.imag**2) @ weights)
    magnitudes: NDArray[np.float32] = np.sqrt(np.maximum(np.concatenate(chunks), FLOOR**2))
    return magnitudes


@cache
def _band_weights(n_bands: int) -> NDArray[np.float32]:
    """(bins, n_bands) what the power of each bin adds to that of each band, white noise being 1."""
    responses = band_responses(n_bands, np.fft.rfftfreq(_NOISE_WINDOW, 1 / SAMPLE_RATE))
    scale = 2.0 / (_NOISE_WINDOW * float((_NOISE_TAPER**2).sum()))
    return np.asarray(responses.T * (scale / band_power(n_bands)), np.float32)
