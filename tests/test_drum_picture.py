"""What a picture of drumming shows."""

import numpy as np
import pytest

from ddsp_pi.drum_picture import (
    COLUMNS,
    FLOOR_DB,
    Listening,
    draw_drum,
    draw_drums,
    levels_db,
    rank_correlation,
    remarks,
)
from ddsp_pi.dsp.hit_features import WINDOW, hit_features
from ddsp_pi.dsp.native_onset import find_onsets
from ddsp_pi.dsp.onset_settings import OnsetSettings
from ddsp_pi.frame import SAMPLE_RATE
from tests.drums import pad

TIMES = (0.2, 0.5, 0.8, 1.1)
LEVELS = (0.0, -6.0, -18.0, -12.0)
HITS = pad(TIMES, 1.4, LEVELS)


def answers(delay, gain=0.5):
    """What a drum would play that repeats each hit so many samples later."""
    return np.concatenate([np.zeros(delay, np.float32), gain * HITS])


def test_each_hit_is_remarked_at_its_time_and_with_its_loudness():
    found = remarks(HITS, answers(WINDOW))
    assert [hit.time_s for hit in found] == pytest.approx(TIMES, abs=0.001)
    loudness = [hit.heard.loudness_db - found[0].heard.loudness_db for hit in found]
    assert loudness == pytest.approx(LEVELS, abs=1.0)


def test_the_answer_is_looked_at_where_the_drum_is_struck():
    for hit in remarks(HITS, answers(WINDOW)):
        assert hit.played.loudness_db == pytest.approx(hit.heard.loudness_db - 6.02, abs=0.1)
        assert hit.played.centroid == pytest.approx(hit.heard.centroid, abs=0.01)


def test_a_drum_that_does_not_wait_is_looked_at_where_the_onset_was_noticed():
    played = answers(0)
    for hit, onset in zip(remarks(HITS, played, Listening(at_once=True)), find_onsets(HITS), strict=True):
        assert hit.played == hit_features(played[onset.heard_at : onset.heard_at + WINDOW])


def test_it_listens_as_the_drum_was_set():
    soft = pad(TIMES, 1.4, (-40.0,))
    assert len(remarks(soft, soft)) < len(TIMES)
    assert len(remarks(soft, soft, Listening(gain_db=24.0))) == len(TIMES)
    assert remarks(HITS, HITS, Listening(OnsetSettings(on_db=60.0))) == []


def test_a_hit_at_the_very_end_is_remarked_too():
    end = round(TIMES[-1] * SAMPLE_RATE) + 100
    found = remarks(HITS[:end], answers(WINDOW))
    assert len(found) == len(TIMES)
    assert found[-1].played.loudness_db > -40.0


def test_where_nothing_came_out_the_answer_is_silence():
    assert {hit.played.loudness_db for hit in remarks(HITS, np.zeros(10, np.float32))} == {-80.0}


def test_ranks_are_compared_and_not_values():
    rising = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(rising, rising**9) == pytest.approx(1.0)
    assert rank_correlation(rising, -np.exp(rising)) == pytest.approx(-1.0)
    assert rank_correlation([1, 2, 3, 4], [2, 1, 4, 3]) == pytest.approx(0.6)
    # By the definition, with ties that share their ranks: 1.5, 1.5, 3 against 1, 2, 3.
    assert rank_correlation([5, 5, 7], [1, 2, 3]) == pytest.approx(1.5 / np.sqrt(1.5 * 2.0))


@pytest.mark.parametrize("one", [[], [1.0], [2.0, 2.0, 2.0]])
def test_what_never_changes_has_no_rank(one):
    assert np.isnan(rank_correlation(one, list(range(len(one)))))


def test_levels_are_peaks_down_to_the_floor():
    audio = np.zeros(100 * SAMPLE_RATE, np.float32)
    audio[50 * SAMPLE_RATE] = -0.5
    times, levels = levels_db(audio)
    assert len(levels) <= COLUMNS
    assert levels.max() == pytest.approx(-6.02, abs=0.01)
    assert times[levels.argmax()] == pytest.approx(50.0, abs=100.0 / COLUMNS)
    assert np.sort(levels)[-2] == FLOOR_DB


def test_levels_of_a_few_samples_are_those_samples():
    times, levels = levels_db(np.array([1.0, 0.1], np.float32))
    assert levels == pytest.approx([0.0, -20.0])
    assert times[1] == 1.0 / SAMPLE_RATE


def test_it_is_drawn_and_another_answer_is_another_picture(tmp_path):
    pixels = []
    for gain in (0.5, 0.05):
        path = tmp_path / f"{gain}.png"
        draw_drum(HITS, answers(WINDOW, gain), "four hits", path)
        pixels.append(path.read_bytes())
    assert all(drawn.startswith(b"\x89PNG") for drawn in pixels)
    assert pixels[0] != pixels[1]


@pytest.mark.parametrize("times", [(), (0.2,)])
def test_it_is_drawn_where_there_is_next_to_nothing_to_see(tmp_path, times):
    heard = pad(times, 0.5)
    draw_drum(heard, heard[:100], "a hit, or none", tmp_path / "drum.png")
    draw_drums(heard, {"one": heard, "two": heard[:1]}, "both", tmp_path / "drums.png")
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
