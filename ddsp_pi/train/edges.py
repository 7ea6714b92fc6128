"""Partials where a note begins or is cut off: there a window has less than half of what it needs."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP

RIDGE = 1e-3
"""Of the mean power of a partial: partials that so short a time cannot tell apart share what is there."""


def envelopes_at(
    audio: NDArray[np.float32],
    cycles: NDArray[np.float64],
    multiples: NDArray[np.float64],
    window: NDArray[np.float32],
    frames: NDArray[np.intp],
) -> NDArray[np.complex64]:
    """(len(frames), partials) complex amplitudes around some frames, of all partials at once.

    By weighted least squares over the part of the window that lies in the audio. Half a Hann window tells
    neighbours apart no better than by 5 dB; a fit of all of them together knows what each adds to the others.
    """
    made = np.zeros((len(frames), len(multiples)), np.complex64)
    for near in np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames) > 1) + 1):
        if len(near):
            made[near] = _fits(audio, cycles, multiples, window, frames[near])
    return made


def _fits(
    audio: NDArray[np.float32],
    cycles: NDArray[np.float64],
    multiples: NDArray[np.float64],
    window: NDArray[np.float32],
    frames: NDArray[np.intp],
) -> NDArray[np.complex64]:
    """The same for frames of one edge, whose windows lie over each other."""
    firsts = frames * HOP - len(window) // 2
    edge = max(int(firsts[0]), 0)
    angles = np.outer(cycles[edge : firsts[-1] + len(window)], multiples) % 1.0 * (2.0 * np.pi)
    basis = np.concatenate([np.cos(angles), -np.sin(angles)], axis=1).astype(np.float32)
    parts = np.empty((len(frames), 2 * len(multiples)))
    for row, first in enumerate(firsts):
        begin, end = max(int(first), 0), min(int(first) + len(window), len(audio))
        inside = basis[begin - edge : end - edge]
        weighted = inside * window[begin - first : end - first, None]
        gram = (weighted.T @ inside).astype(np.float64)
        gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
        parts[row] = np.linalg.solve(gram, weighted.T @ audio[begin:end])
    return (parts[:, : len(multiples)] + 1j * parts[:, len(multiples) :]).astype(np.complex64)
