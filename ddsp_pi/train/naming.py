"""Whether a note sounds as it is named. A wrong name is learned like a right one: nobody would notice."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.train.tuning import off_cents, powers_at

NEAR = np.array([-30.0, 0.0, 30.0])
OTHERS = np.add.outer(np.array([-300.0, -200.0, -100.0, 100.0, 200.0, 300.0]), NEAR).ravel()
"""Cents from a name: where its note would be, and where others would."""

EVENNESS = 0.25
"""Power of powers: all partials count, not only the strongest, which may belong to a neighbour as well."""

CLEARLY_DB = 2.0
"""So much more of another note is remarked on. Of 638 notes that are rightly named none has so much; named
up to three semitones wrong, 98 of 100 have."""

ALL = np.arange(1.0, 17.0)
HALVES, ODD, EVEN = ALL - 0.5, ALL[::2], ALL[1::2]

TOO_HIGH_DB, TOO_LOW_DB = -11.0, -12.0
"""Power between the partials against that on them, and of odd partials against even ones. Of 602 notes of
eight instruments that are rightly named all are below the first, but for a flute's key clicks, and above the
second; named an octave too high or too low, all but those clicks are on the other side."""

Array = NDArray[np.float64]


def is_named(audio: NDArray[np.float32], names: Array) -> bool:
    """Whether a note sounds more like its name than like one up to three semitones away.

    Args:
        audio: (n,) samples that begin with the note.
        names: (n // HOP + 1,) MIDI numbers.
    """
    return _beside_db(audio, names) < 0.0


def doubt(audio: NDArray[np.float32], names: Array, has_second: bool = False) -> str | None:
    """What a note sounds like if not as it is named; None if there is no doubt.

    Args:
        audio: as for `is_named`.
        names: as for `is_named`.
        has_second: whether there is a second bank, so that power lies between the partials anyway.
    """
    if _beside_db(audio, names) > CLEARLY_DB:
        return "sounds like another note than its name"
    tuned = names + off_cents(audio, names) / 100.0
    on, between, odd, even = (
        float(powers_at(audio, tuned, np.zeros(1), numbers).sum()) + 1e-12
        for numbers in (ALL, HALVES, ODD, EVEN)
    )
    if not has_second and _db(between / on) > TOO_HIGH_DB:
        return "sounds an octave lower than its name, or there is much noise in it"
    return "sounds an octave higher than its name" if _db(odd / even) < TOO_LOW_DB else None


def _beside_db(audio: NDArray[np.float32], names: Array) -> float:
    """How much of another note there is, against that of the name."""
    own, other = (powers_at(audio, names, cents) ** EVENNESS for cents in (NEAR, OTHERS))
    ratio = (other.sum(axis=1).max() + 1e-12) / (own.sum(axis=1).max() + 1e-12)
    return _db(float(ratio)) / EVENNESS


def _db(ratio: float) -> float:
    return 10.0 * float(np.log10(ratio))
