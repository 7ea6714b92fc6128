"""The guitar plays the notes of recordings that it never heard, as they were played."""

import numpy as np
import pytest

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.library import open_instrument
from tests.style.guitar import on, sound
from tests.style.heard import GUITAR, notes, recorded, waits_for_what_it_never_heard, way_of
from tests.style.judging import fall_s, ways


@pytest.fixture(scope="module")
def played():
    """(row, what was recorded, what is played) of every note; as loud, and held for as long as it was."""
    waits_for_what_it_never_heard(open_instrument(GUITAR))
    return [(row, real, as_played(row, real)) for row in notes() for real in [recorded(row.recording)]]


def as_played(row, real):
    openness, power = row.controls
    asked = {"loudness": float(loudness_contour(real).max()), "openness": openness, "power_chord": power}
    return sound(len(real) / SAMPLE_RATE, on(row.note, 0.0, 127), **asked)


def test_open_and_muted_are_told_apart_as_in_the_recordings(played):
    right = [ways().told(made).split()[0] == way_of(row.controls).split()[0] for row, _, made in played]
    print(f"{sum(right)} of {len(right)} notes are told to be played as they are")
    assert np.mean(right) >= 0.95


def fallen_s(audio):
    """Beyond its end nobody knows."""
    return min(fall_s(audio), len(audio) / SAMPLE_RATE)


def test_notes_fall_as_fast_as_those_that_were_recorded(played):
    for way in sorted({way_of(row.controls) for row in notes()}):
        of_way = [(real, made) for row, real, made in played if way_of(row.controls) == way]
        ratio = np.median([fallen_s(made) / fallen_s(real) for real, made in of_way])
        print(f"{way}: {ratio:.2f} times the decay of the recordings")
        assert 0.5 <= ratio <= 2.0


def test_notes_are_as_loud_as_those_that_were_recorded(played):
    more = [loudness_contour(made).max() - loudness_contour(real).max() for _, real, made in played]
    print(f"loudest moments: {np.median(more):+.1f} dB, from {min(more):+.1f} to {max(more):+.1f}")
    assert abs(np.median(more)) <= 3.0
    assert max(map(abs, more)) <= 8.0
