"""Words survive: what was said can be told from the envelope of what is played."""

import numpy as np
import pytest

from ddsp_pi.frame import SAMPLE_RATE
from tests.cross.judging import Sound, alike, balance_db, envelopes_db, moved, words
from tests.cross.voices import VOICES
from tests.crossing import crossed
from tests.singing import VOWELS, recorded, vowel

LAG_MS = 8.0
"""By which what is played follows what is sung."""


LEAST = {0.0: 0.9, 0.5: 0.8}
"""Likeness of the envelopes by model_mix."""

BALANCE_DB = 1.0
"""What consonants may gain or lose against the vowels: the least difference in level that is heard at all."""


@pytest.fixture(scope="module", params=VOICES, ids=lambda path: path.stem)
def sung(request):
    return Sound(recorded(request.param, 5.0))


def played(sung, **params):
    return Sound(moved(crossed(sung.audio, seconds=0.1, **params), LAG_MS, len(sung.audio)))


@pytest.mark.parametrize("mix", LEAST)
def test_the_envelope_of_what_is_played_is_that_of_what_is_sung(sung, mix):
    assert words(sung, played(sung, model_mix=mix)) >= LEAST[mix]


def test_the_judge_is_not_content_with_any_envelope(sung):
    other = Sound(np.roll(sung.audio, SAMPLE_RATE // 2))
    assert words(sung, other) < LEAST[0.5]


@pytest.mark.parametrize("mix", [0.0, 0.5, 1.0])
def test_consonants_are_as_loud_against_the_vowels_as_they_were(sung, mix):
    assert abs(balance_db(sung, played(sung, model_mix=mix))) <= BALANCE_DB


def test_vowels_are_told_apart_at_the_input_s_end():
    right = tried = 0
    for f0_hz in np.geomspace(85.0, 320.0, 8):
        heard = {name: vowel(f0_hz, formants, 0.5) for name, formants in VOWELS.items()}
        known = {name: steady(audio) for name, audio in heard.items()}
        for name, audio in heard.items():
            made = steady(crossed(audio, model_mix=0.0))
            right += max(known, key=lambda one: float(alike(made, known[one]))) == name
            tried += 1
    assert right / tried >= 0.9


def steady(audio):
    """The envelope in the second half of a vowel."""
    rows = envelopes_db(audio)
    return rows[len(rows) // 2 : -2].mean(axis=0)
