"""Offline pitch of a whole monophonic recording: candidates in every frame and the best path through them.

The path is Boersma's (Proc. Inst. Phonetic Sciences 17, 1993): dynamic programming over a few periodicity
peaks per frame, with a price on octave jumps and on voicing changes. Periodicity alone follows the
reverberation of earlier notes down to a common sub-multiple, so half of a candidate's strength is
how far the spectrum stands out at its harmonics over the places between them, after SWIPE (Camacho and
Harris, JASA 2008).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.dsp.nsdf import Window, centred_frames, decimate, nsdf, peak_lag, refine_f0
from ddsp_pi.frame import SAMPLE_RATE

WINDOW = Window(step=2, width=480, longest=620)
LOW_HZ, HIGH_HZ = 40.0, 2200.0
TYPICAL_LAG = 100.0
"""Samples; the frames are centred for the notes around it."""

N_CANDIDATES = 8
FAINT = 0.3
"""Similarity below which a peak is not worth a candidate."""

SIMILARITY, CONTRAST, OCTAVE = 0.5, 2.0, 0.14
"""What counts how much in a strength: similarity, contrast, and against it each octave below the highest
candidate of the frame."""

UNVOICED = 0.45
"""Strength of hearing no pitch."""

LEAP, VOICING = 0.35, 0.14
"""Price of an octave between two frames, and of beginning or ending a voiced stretch."""

SPECTRUM = 4096
N_HARMONICS = 12
BRIGHTEST_HZ = 8000.0

_CHUNK = 256
_NONE = -1e3


def pitch_path(
    audio: NDArray[np.float32], hop: int, advance: Callable[[int], None] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Pitch of frames centred on samples 0, hop, 2·hop and so on.

    Args:
        audio: (n,) samples at 48 kHz.
        hop: samples between frames, even.
        advance: told how many more frames are done.

    Returns:
        (n // hop + 1,) f0 in Hz, refined by our own tracker and of no meaning where unvoiced, and the
        (n // hop + 1,) voicing decision.
    """
    found = []
    for f0_hz, strength in _candidates(audio, hop):
        found.append((f0_hz, strength))
        if advance:
            advance(len(f0_hz))
    f0_hz, strength = (np.concatenate(part) for part in zip(*found, strict=True))
    chosen = best_path(np.log2(f0_hz), strength)
    voiced = chosen < N_CANDIDATES
    rough = f0_hz[np.arange(len(f0_hz)), np.minimum(chosen, N_CANDIDATES - 1)]
    return refine_f0(audio, np.where(voiced, rough, np.nan), hop), voiced


def _candidates(
    audio: NDArray[np.float32], hop: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(chunk, N_CANDIDATES) f0 in Hz and strength, chunk after chunk."""
    slow = decimate(audio, WINDOW.step)
    pieces = sliding_window_view(np.pad(audio, SPECTRUM // 2), SPECTRUM)[::hop]
    window = np.hanning(SPECTRUM).astype(np.float32)
    for at in range(0, len(pieces), _CHUNK):
        spectrum = np.sqrt(np.abs(np.fft.rfft(pieces[at : at + _CHUNK] * window)))
        centres = np.arange(at, at + len(spectrum)) * hop / WINDOW.step
        similarity = nsdf(centred_frames(slow, centres, TYPICAL_LAG, WINDOW), WINDOW)
        lag, height = _peaks(similarity)
        f0_hz = WINDOW.rate / lag
        strength = SIMILARITY * height + CONTRAST * harmonic_contrast(spectrum, f0_hz)
        highest_hz = np.where(height > 0.0, f0_hz, LOW_HZ).max(axis=1, keepdims=True)
        strength -= OCTAVE * np.log2(highest_hz / f0_hz)
        yield f0_hz, np.where(height > 0.0, strength, _NONE)


def _peaks(similarity: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(frames, N_CANDIDATES) lags and heights of the highest peaks; height 0 where there are fewer."""
    # Not beyond the longest lag: what fills up a row of few peaks is read around, like a peak.
    longest = int(WINDOW.rate / LOW_HZ)
    inner, lags = similarity[:, 1 : longest + 1], np.arange(1, longest + 1)
    top = (inner >= similarity[:, :longest]) & (inner > similarity[:, 2 : longest + 2]) & (inner > FAINT)
    top &= lags >= WINDOW.rate / HIGH_HZ
    top &= np.logical_or.accumulate(inner < 0.0, axis=1)
    # of equal peaks the earlier is the pitch and the later its multiples, so those give way first
    worth = np.where(top, inner - 0.02 * np.log2(lags), -np.inf)
    columns = np.argpartition(-worth, N_CANDIDATES, axis=1)[:, :N_CANDIDATES]
    rows = np.repeat(np.arange(len(similarity)), N_CANDIDATES)
    lag, height = peak_lag(similarity[rows], columns.ravel() + 1)
    is_peak = np.take_along_axis(top, columns, 1)
    return lag.reshape(columns.shape), height.reshape(columns.shape) * is_peak


def harmonic_contrast(spectrum: NDArray[np.float32], f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far spectra stand out at the harmonics of some pitches over the places between those.

    Args:
        spectrum: (frames, bins) square roots of magnitudes.
        f0_hz: (frames, candidates).

    Returns:
        (frames, candidates), about 0 for noise and 0.3 for a clear note, whatever the level.
    """
    size = 2 * (spectrum.shape[1] - 1)
    rows = np.arange(len(spectrum))[:, None]

    def at(frequency_hz: NDArray[np.float64]) -> NDArray[np.float32]:
        bins = np.rint(frequency_hz * (size / SAMPLE_RATE)).astype(np.intp)
        values: NDArray[np.float32] = spectrum[rows, np.minimum(bins, spectrum.shape[1] - 1)]
        return values

    contrast, power = np.zeros(f0_hz.shape), np.full(f0_hz.shape, 1e-9)
    between = at(0.5 * f0_hz)
    for k in range(1, N_HARMONICS + 1):
        weight = (k * f0_hz < BRIGHTEST_HZ) / np.sqrt(k)
        before, between = between, at((k + 0.5) * f0_hz)
        contrast += weight * (at(k * f0_hz) - 0.5 * (before + between))
        power += weight**2
    norm = np.sqrt(np.square(spectrum).sum(axis=1, keepdims=True)) + 1e-9
    scaled: NDArray[np.float64] = contrast / np.sqrt(power) / norm
    return scaled


def best_path(octave: NDArray[np.float64], strength: NDArray[np.float64]) -> NDArray[np.intp]:
    """The candidate of each frame on the strongest path, or the number of candidates where unvoiced.

    Args:
        octave: (frames, candidates) log2 of the candidates' f0.
        strength: (frames, candidates).
    """
    n_frames, n = octave.shape
    gain = np.column_stack([strength, np.full(n_frames, UNVOICED)])
    price = np.full((n + 1, n + 1), VOICING)
    price[n, n] = 0.0
    came_from = np.zeros((n_frames, n + 1), np.intp)
    total, states = gain[0], np.arange(n + 1)
    for frame in range(1, n_frames):
        price[:n, :n] = LEAP * np.abs(octave[frame - 1][:, None] - octave[frame])
        worth = total[:, None] - price
        came_from[frame] = worth.argmax(axis=0)
        total = worth[came_from[frame], states] + gain[frame]
    path = np.full(n_frames, int(total.argmax()), np.intp)
    for frame in range(n_frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
