"""The snare phrase that ships is that of the code, and is drummed as the demo promises."""

import numpy as np
import pytest

from ddsp_pi.dsp.native_onset import find_onsets
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.recording import load_sound
from tests.drumming import Phrase, judge
from tests.snare_phrase import FILE, by_hand, choose, phrase, strikes


@pytest.fixture(scope="module")
def written():
    return phrase()


@pytest.fixture(scope="module")
def shipped():
    return load_sound(FILE).audio


def test_the_file_that_ships_is_that_of_the_code(written, shipped):
    off = np.abs(32768.0 * shipped - written[0])
    assert off.max() <= 1.0, "write it again: python -m tests.snare_phrase"


def test_it_lasts_as_long_as_one_listens_and_is_small(shipped):
    assert 8.0 <= len(shipped) / SAMPLE_RATE <= 10.0
    assert FILE.stat().st_size < 400_000


def test_it_has_ghost_notes_accents_and_every_way_of_striking(written):
    audio, onsets = written
    played = list(by_hand(strikes()))
    assert {strike.stroke.way for strike in played} == {"stick", "rimshot", "sidestick"}
    levels = np.array([strike.stroke.peak_db for strike in played])
    assert np.ptp(levels) >= 20.0
    # At least eight steps of 2 dB are played.
    assert len(set(np.round(levels / 2.0))) >= 8
    assert len(onsets) == len(played)
    assert np.abs(audio).max() < 32767 * 10 ** (-1 / 20)


def test_it_ends_with_a_roll_that_grows():
    roll = [strike for strike in strikes() if strike.time_s > 7.7][:-1]
    assert len(roll) >= 16
    assert np.diff([strike.stroke.peak_db for strike in roll]).min() > 0.0
    assert np.diff([strike.time_s for strike in roll]).max() < 0.07


def test_no_recording_is_heard_twice_in_a_row_or_far_from_its_own_loudness():
    before = ""
    for strike in by_hand(strikes()):
        hit = choose(strike.stroke, before)
        assert hit.name != before
        assert -10.0 < strike.stroke.peak_db - hit.peak_db < 3.0
        before = hit.name


def test_the_room_of_the_drum_is_under_it(shipped):
    before = shipped[4800:9600]
    assert -100.0 < 20.0 * np.log10(before.std()) < -80.0


def test_nearly_all_of_it_is_heard(written, shipped):
    score = judge(Phrase("phrase", shipped, np.sort(written[1])), find_onsets(shipped))
    assert score.played == 64
    assert score.f_measure >= 0.97
    assert score.false == 0
