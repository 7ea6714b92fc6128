"""How far a recording is from the MIDI file that goes with it, and where its notes really begin."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE

STEP = 48
"""Samples between two readings: a millisecond."""

BEFORE, AFTER = 8, 6
"""Readings over which the power before and after a moment is taken."""

STRONGEST = 3.0
"""Nepers of power; what rises more counts no more, or the loudest notes would decide alone."""

LOOSE = 6
"""Readings by which a single note may be early or late."""

FARTHEST_S = 0.2
LOOKED_S = 0.4
"""How far off a recording may be, and how far is looked to say that it is further off."""

CANDIDATES, NEARLY = 4, 0.8
"""How many offsets are tried at most, and how good they must be compared with the best."""

APART = 20
"""Readings between two of them."""

CLEAR = 0.8
"""Nepers, mean of all notes: what they must rise by where they begin."""

STANDS_OUT = 1.4
"""Times the mean rise of the same number of other moments."""

NEAR_S = 0.03
"""A note begins no further from where it should."""

RISES = 0.5
"""Nepers; where nothing rises so much, a note begins where it should."""

LOUDER = 0.2
"""Share of the way from what was before to the peak of an attack, where the attack begins."""

_FLOOR = 1e-4
"""Of the mean power: quieter than that, nothing rises."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offset:
    """Where the notes of a recording are, compared with the score."""

    late_s: float
    """Seconds that the recording is behind."""
    rise: float
    """Nepers by which the notes rise there, on the whole."""
    elsewhere: float
    """The same of any other offset, on the whole."""

    @property
    def fits(self) -> bool:
        """Whether recording and score are of the same piece."""
        return self.rise > max(CLEAR, STANDS_OUT * self.elsewhere)


def rises(audio: NDArray[np.float32]) -> Array:
    """(len(audio) // STEP,) by how much the power grows at every millisecond, in nepers.

    Of the derivative of the sound, for a new note shows in its high partials even while another rings.
    """
    bright = np.diff(audio, prepend=np.float32(0.0)).astype(np.float64)
    power = (bright[: len(bright) // STEP * STEP].reshape(-1, STEP) ** 2).mean(axis=1)
    power += _FLOOR * power.mean() + 1e-15
    padded = np.pad(power, (BEFORE, AFTER), mode="edge")
    means = np.cumsum(np.pad(padded, (1, 0)))
    at = np.arange(len(power)) + BEFORE
    before, after = (means[at] - means[at - BEFORE]) / BEFORE, (means[at + AFTER] - means[at]) / AFTER
    return np.asarray(np.log(after / before))


def find_offsets(rise: Array, onsets_s: Array) -> list[Offset]:
    """The offsets at which most notes of a score begin with a rise, the best first, 1 to 4 of them.

    Where notes follow each other by the clock, an offset by one of them is nearly as good; by their
    pitches they can be told apart.
    """
    scores = _scores(rise, onsets_s)
    elsewhere, found = float(np.median(scores)), list[Offset]()
    left = scores.copy()
    while len(found) < CANDIDATES and left.max() >= NEARLY * scores.max():
        # Every note may be early or late by a little, which makes a plateau of each peak.
        plateau = np.flatnonzero(left >= left.max() - 0.02)
        first = plateau[0]
        best = int(np.median(plateau[plateau <= first + 2 * LOOSE + 1]))
        late_s = (best - len(scores) // 2) * STEP / SAMPLE_RATE
        found.append(Offset(late_s, float(left.max()), elsewhere))
        left[max(best - APART, 0) : best + APART + 1] = 0.0
    return found


def _scores(rise: Array, onsets_s: Array) -> Array:
    """Mean rise of the notes at every offset from −0.4 s to 0.4 s."""
    counted = np.clip(rise, 0.0, STRONGEST)
    loose = sliding_window_view(np.pad(counted, LOOSE), 2 * LOOSE + 1).max(axis=1)
    reach = round(LOOKED_S * SAMPLE_RATE / STEP)
    places = np.rint(onsets_s * SAMPLE_RATE / STEP).astype(int)[:, None] + np.arange(-reach, reach + 1)
    inside = (places >= 0) & (places < len(loose))
    return np.asarray(np.where(inside, loose[np.clip(places, 0, len(loose) - 1)], 0.0).mean(axis=0))


def _strongest(rise: Array, place: int, reach: int) -> int | None:
    """The reading of the strongest rise near a place; None if nothing rises there."""
    first = max(place - reach, 0)
    near = rise[first : place + reach + 1]
    if not len(near) or near.max() < RISES:
        return None
    return first + int(near.argmax())


def beginning(audio: NDArray[np.float32], rise: Array, expected_s: float) -> int:
    """The sample at which a note really begins that should begin then."""
    place = round(expected_s * SAMPLE_RATE / STEP)
    at = _strongest(rise, place, round(NEAR_S * SAMPLE_RATE / STEP))
    if at is None:
        return max(round(expected_s * SAMPLE_RATE), 0)
    return _first_sample(audio, at * STEP)


def _first_sample(audio: NDArray[np.float32], near: int) -> int:
    """Where, around a reading, it first gets clearly louder than it was before."""
    quiet, first, last = (max(near + at * STEP, 0) for at in (-BEFORE, -2, AFTER))
    bright = np.abs(np.diff(audio[quiet:last]))
    before, loudest = float(bright[: first - quiet].max(initial=0.0)), float(bright.max(initial=0.0))
    louder = bright[first - quiet :] > before + LOUDER * (loudest - before)
    return first + int(louder.argmax())
