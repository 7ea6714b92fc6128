"""What is heard in plucked strings, by estimators that neither the mode nor its training use."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, SAMPLE_RATE

WAYS = Path(__file__).with_name("ways.csv")

FALL_DB = 20.0
"""So far a note falls in the time that is called its decay."""

EDGE = 4
"""Hops at an end that a window of the loudness does not fill."""

ADVANCE = round(0.02 * SAMPLE_RATE)
"""Samples over which the phase of a partial tells its frequency."""

BEGINNING = round(0.2 * SAMPLE_RATE)
"""Samples of which the brightness is told."""

ORDER = 24
"""Of the linear prediction of a few milliseconds."""

SIDE = round(0.015 * SAMPLE_RATE)
"""Samples on either side of a moment that is looked at."""

COARSE, FINE = round(0.001 * SAMPLE_RATE), 6
"""Samples from one such moment to the next, at first and then around the best."""

CHANGED = 250.0
"""Log likelihood that something else is played from now on; while a note goes on it stays below."""

APART = round(0.05 * SAMPLE_RATE)
"""Samples in which there is one change."""

CHUNK = 2 * SAMPLE_RATE
"""Samples that are looked at together."""

TONES, LATEST = round(0.04 * SAMPLE_RATE), round(0.02 * SAMPLE_RATE)
"""Samples of which tones are told, and between an onset and where it is looked for."""

TONES_HZ = 2500.0
LOW_PASS = np.blackman(33) / np.blackman(33).sum()
"""Tones are below, and what is far above is left out."""

HISS = 1e-5
"""Amplitude of the noise that is added, so that digital silence can be predicted like any other."""


def fall_s(audio, by_db=FALL_DB):
    """Seconds from the loudest moment until it is so far below; as it goes on, where it is cut off before."""
    level = loudness_contour(audio)[:-EDGE]
    after = level[level.argmax() :] - level.max()
    below = np.flatnonzero(after < -by_db)
    hops = below[0] if len(below) else len(after) * by_db / max(-after[-EDGE:].mean(), 1.0)
    return float(hops) * HOP / SAMPLE_RATE


def level_db(audio):
    return float(10.0 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-20))


def centroid_hz(audio):
    """Of the power in the first 0.2 s."""
    heard = audio[:BEGINNING].astype(np.float64)
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
    return float(power @ np.fft.rfftfreq(len(heard), 1.0 / SAMPLE_RATE) / power.sum())


def partial_db(audio, hz):
    """Level of a sine at one place or at several, dB of its amplitude."""
    window = np.blackman(len(audio))
    turns = np.exp(-2j * np.pi / SAMPLE_RATE * np.outer(np.atleast_1d(hz), np.arange(len(audio))))
    found = 2.0 / window.sum() * np.abs(turns @ (audio * window))
    return np.squeeze(20.0 * np.log10(found + 1e-12))


def pitch_hz(audio, near_hz):
    """Of the strongest of the first partials of a sound whose pitch is known to some Hz, over its number."""
    numbers = np.arange(1, 9)
    number = int(numbers[np.argmax(partial_db(audio, numbers * near_hz))])
    found, window = number * near_hz, np.blackman(len(audio) - ADVANCE)
    for _ in range(2):
        turns = np.exp(-2j * np.pi / SAMPLE_RATE * found * np.arange(len(audio))) * audio
        angle = np.angle((turns[ADVANCE:] @ window) / (turns[:-ADVANCE] @ window))
        found += angle * SAMPLE_RATE / (2.0 * np.pi * ADVANCE)
    return found / number


def over_floor_db(audio, hz, step_hz):
    """By how much a partial stands over what is heard between it and its neighbours, which are so far off."""
    beside = partial_db(audio, hz + step_hz * np.array([-0.4, -0.3, 0.3, 0.4]))
    return float(partial_db(audio, hz) - beside.max())


def changes(audio):
    """Seconds at which a note begins or is stopped, each to a fraction of a millisecond.

    By the likelihood ratio of one linear prediction for both sides of a moment, or of one for each
    (Appel and Brandt, 1983; Andre-Obrecht, 1988): it sees a note that begins under another of the same
    level, and is not moved by how one fades.
    """
    audio = np.pad(audio.astype(np.float64), (2 * SIDE, 2 * SIDE))
    audio += HISS * np.random.default_rng(0).standard_normal(len(audio))
    return [(place - 2 * SIDE) / SAMPLE_RATE for place in _found(audio)]


def _found(audio):
    places = np.arange(SIDE, len(audio) - SIDE, COARSE)
    changed, found = change(audio, places), []
    while changed.max() > CHANGED:
        best = places[changed.argmax()]
        nearby = np.arange(max(best - COARSE, SIDE), min(best + COARSE, len(audio) - SIDE), FINE)
        found.append(int(nearby[change(audio, nearby).argmax()]))
        changed[np.abs(places - best) < APART] = 0.0
    return sorted(found)


def change(audio, places):
    """(len(places),) log likelihood that a sound changes there."""
    chunks = np.split(places, np.flatnonzero(np.diff(places // CHUNK)) + 1)
    return np.concatenate([_change(audio, chunk) for chunk in chunks])


def _change(audio, places):
    first = places[0] - SIDE
    heard, at = audio[first : places[-1] + SIDE], places - first
    sums = [_sums(heard, lag) for lag in range(ORDER + 1)]
    one, before, behind = (
        _surprise(sums, at + begin, at + end) for begin, end in ((-SIDE, SIDE), (-SIDE, 0), (0, SIDE))
    )
    return (SIDE - ORDER) * (2.0 * one - before - behind)


def _sums(heard, lag):
    """(n + 1,) of a sound times itself so many samples ago, up to each sample."""
    return np.cumsum(np.concatenate([np.zeros(lag + 1), heard[lag:] * heard[: len(heard) - lag]]))


def _surprise(sums, begins, ends):
    """ln of the mean square that linear prediction leaves of stretches of a sound."""
    begins = begins + ORDER
    products = np.empty((len(begins), ORDER + 1, ORDER + 1))
    for i in range(ORDER + 1):
        for j in range(i, ORDER + 1):
            products[:, i, j] = products[:, j, i] = sums[j - i][ends - i] - sums[j - i][begins - i]
    past, now = products[:, 1:, 1:], products[:, 1:, 0]
    weights = np.linalg.solve(past, now[..., None])[..., 0]
    left = products[:, 0, 0] - (weights * now).sum(axis=1)
    return np.log(np.maximum(left / (ends - begins), HISS**2 / 4.0))


def gives_way_s(audio, near_s, before_hz, after_hz):
    """When the tones of one pitch give way to those of another, which is looked for around a time.

    For two chords of one timbre, where all but the pitch stays: what sines leave on both sides is least.
    """
    near = round(near_s * SAMPLE_RATE)
    moments = near + np.arange(-LATEST, LATEST + 1, COARSE // 2)
    left = [
        _left_by_sines(audio[at - TONES : at], before_hz) + _left_by_sines(audio[at : at + TONES], after_hz)
        for at in moments
    ]
    return float(moments[np.argmin(left)]) / SAMPLE_RATE


def _left_by_sines(heard, f0_hz):
    """ln of the share of what is below TONES_HZ that is no partial of a pitch, nor between two of them."""
    turns = 2.0 * np.pi / SAMPLE_RATE * np.arange(len(heard))
    angles = np.outer(turns, np.arange(0.5, TONES_HZ / f0_hz, 0.5) * f0_hz)[::8]
    basis = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    heard = np.convolve(heard, LOW_PASS, "same")[::8]
    gram = basis.T @ basis
    gram[np.diag_indices_from(gram)] *= 1.001
    left = heard - basis @ np.linalg.solve(gram, basis.T @ heard)
    return float(np.log(left @ left / (heard @ heard)))


@dataclass(frozen=True)
class Ways:
    """Ways of playing as a listener tells them apart: means and spreads of features of real notes."""

    names: tuple[str, ...]
    means: np.ndarray
    """(ways, features)."""
    spreads: np.ndarray
    """(features,) within a way."""

    def told(self, audio):
        """The way whose mean is nearest to a note that begins with the first sample."""
        far = ((features(audio) - self.means) / self.spreads) ** 2
        return self.names[int(far.sum(axis=1).argmin())]


def features(audio):
    """(2,) log of the decay and of the brightness."""
    return np.log10([fall_s(audio), centroid_hz(audio)])


@cache
def ways():
    """As measured on the recordings that the guitar was trained on; see measure_ways.py."""
    with WAYS.open() as file:
        rows = list(csv.DictReader(file))
    means = np.array([[float(row["fall"]), float(row["centroid"])] for row in rows])
    spreads = np.array([[float(row["fall_spread"]), float(row["centroid_spread"])] for row in rows])
    return Ways(tuple(row["way"] for row in rows), means, np.sqrt((spreads**2).mean(axis=0)))
