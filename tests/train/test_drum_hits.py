"""Hits out of folders and long recordings, and the split that no drum straddles."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.train.drum_features import SAMPLES
from ddsp_pi.train.drum_hits import Hit, divide, drums_of, find_hits, load_hits
from tests.train.strikes import phrase, strike, write_hits

NOTHING = np.zeros(SAMPLES, np.float32)


def hits(*names):
    """Hits by drum/name."""
    return [Hit(name.split("/")[1], name.split("/")[0], NOTHING) for name in names]


def names(some):
    return {hit.name for hit in some}


def test_hits_begin_with_their_first_sample(tmp_path):
    folder = write_hits(tmp_path / "hits", drums=1, hits=4)
    loaded = load_hits(folder).hits
    assert len(loaded) == 4
    for number, hit in enumerate(loaded):
        wanted = strike(number / 3, number, 170.0)
        at = int(np.argmax(np.correlate(hit.audio[:1000], wanted[:600])))
        assert at == 0 or np.abs(hit.audio[at : at + 400] - wanted[:400]).max() < 1e-3
        assert hit.audio.shape == (SAMPLES,)
        assert np.abs(hit.audio[:48]).max() > 0.01 * np.abs(wanted).max()


def test_a_short_recording_ends_in_silence(tmp_path):
    folder = tmp_path / "short"
    folder.mkdir()
    soundfile.write(folder / "one.wav", strike(1.0, 0, seconds=0.2), SAMPLE_RATE)
    (hit,) = load_hits(folder).hits
    assert hit.audio[: SAMPLE_RATE // 10].any()
    assert not hit.audio[SAMPLE_RATE // 4 :].any()


@pytest.mark.parametrize(
    ("paths", "drums"),
    [
        (["a_1", "a_2", "a_3", "a_4", "b_1", "b_2", "b_3", "b_4"], ["a"] * 4 + ["b"] * 4),
        (["a_1", "a_2", "a_3", "a_4", "b_1"], ["all"] * 5),
        (["one", "two", "three"], ["all"] * 3),
        (["big/1", "big/2", "small/1"], ["big", "big", "small"]),
        (["big/a_1", "big/a_2", "top"], ["big", "big", "all"]),
    ],
)
def test_drums_are_told_apart_by_folders_or_names(tmp_path, paths, drums):
    folder = tmp_path / "all"
    folder.mkdir()
    assert drums_of(folder, [folder / f"{path}.wav" for path in paths]) == drums


KIT = hits(*(f"{drum}/{drum}_{number}" for drum in "abcdef" for number in range(5)))


def test_whole_drums_are_held_out_by_share():
    train, held_out = divide(KIT, (), 0.3)
    assert {hit.drum for hit in train}.isdisjoint(hit.drum for hit in held_out)
    assert len(held_out) == 10
    assert names(train) | names(held_out) == names(KIT)


def test_more_drums_later_do_not_move_those_held_out():
    few = {hit.drum for hit in divide(KIT[:20], (), 0.25)[1]}
    many = {hit.drum for hit in divide(KIT, (), 0.5)[1]}
    assert few <= many


def test_hits_of_one_drum_are_held_out_by_share():
    one = hits(*(f"a/a_{number}" for number in range(20)))
    train, held_out = divide(one, (), 0.2)
    assert len(held_out) == 4
    assert not names(train) & names(held_out)


@pytest.mark.parametrize("pattern", ["b", "b*", "b_*"])
def test_drums_are_held_out_by_pattern(pattern):
    train, held_out = divide(KIT, (pattern,), 0.1)
    assert {hit.drum for hit in held_out} == {"b"}
    assert len(train) == 25


def test_a_drum_on_both_sides_is_refused():
    with pytest.raises(RecordingError, match=r"b: some hits .* 'b\*'"):
        divide(KIT, ("b_1",), 0.1)


@pytest.mark.parametrize("pattern", ["*", "nobody"])
def test_a_side_with_nothing_is_refused(pattern):
    with pytest.raises(RecordingError, match="to train on"):
        divide(KIT, (pattern,), 0.1)


def test_a_long_recording_is_cut_at_its_onsets(tmp_path):
    forces = [1.0, 0.2, 0.6, 0.0, 0.9, 0.4, 0.8, 0.1, 0.5, 0.3]
    audio, firsts = phrase(forces)
    found = find_hits(audio)
    assert len(found) == len(firsts)
    assert np.abs(np.array(found) - firsts).max() <= 24
    soundfile.write(tmp_path / "long.wav", audio, SAMPLE_RATE)
    collection = load_hits(tmp_path / "long.wav")
    assert len(collection.hits) == len(forces)
    assert {hit.drum for hit in collection.hits} == {"long"}
    assert collection.remarks == ["long.wav: 10 hits"]


def test_hits_that_are_too_close_are_left_out_and_said(tmp_path):
    audio, _ = phrase([0.9] * 10)
    for at in (0.45, 3.5):
        first = 4000 + round(at * SAMPLE_RATE)
        audio[first : first + 9000] += strike(1.0, 77)[:9000]
    soundfile.write(tmp_path / "long.wav", audio, SAMPLE_RATE)
    collection = load_hits(tmp_path / "long.wav")
    assert len(collection.hits) == 8
    assert "4 more are too close" in collection.remarks[0]


def test_a_recording_of_few_hits_is_refused(tmp_path):
    soundfile.write(tmp_path / "long.wav", phrase([1.0, 0.5])[0], SAMPLE_RATE)
    with pytest.raises(RecordingError, match=r"2 hits.*at least 8"):
        load_hits(tmp_path / "long.wav")


def test_unusable_hits_are_refused_or_left_out(tmp_path):
    folder = write_hits(tmp_path / "hits", drums=1, hits=4)
    (folder / "broken.wav").write_bytes(b"RIFFnothing")
    soundfile.write(folder / "silent.wav", np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE)
    with pytest.raises(RecordingError) as refusal:
        load_hits(folder)
    assert all(word in str(refusal.value) for word in ("broken.wav", "silent.wav", "--skip-unusable"))
    collection = load_hits(folder, skip_unusable=True)
    assert len(collection.hits) == 4
    assert len(collection.remarks) == 2


def test_a_place_without_hits_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="no such folder"):
        load_hits(Path(tmp_path / "nowhere"))
