from dataclasses import replace

import mido
import numpy as np
import pytest
import soundfile

from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.touch import CONTROLS, GATE, RELEASE
from ddsp_pi.train.alignment import find_offsets, rises
from ddsp_pi.train.notes import harvest_takes
from ddsp_pi.train.pairs import AlignJob, align, find_pairs
from ddsp_pi.train.parts import parts_of
from ddsp_pi.train.score import Key, Score, read_score
from ddsp_pi.train.silences import KEPT_S, end_of
from tests.train.struck import (
    LET_GO_S,
    SIZES,
    STYLE,
    Struck,
    hz,
    messages,
    perform,
    scale,
    write_midi,
    write_notes,
    write_pair,
)


def aligned(folder, phrase, **how):
    write_pair(folder, phrase, **how)
    (pair,) = find_pairs(folder)
    return align(AlignJob(pair, STYLE, folder / "kept"))


def score_of(tmp_path, said, **how):
    write_midi(tmp_path / "x.mid", said, **how)
    return read_score(tmp_path / "x.mid", STYLE)


def key(at, note, on, **how):
    return at, mido.Message("note_on" if on else "note_off", note=note, **how)


def turn(at, control, value):
    return at, mido.Message("control_change", control=control, value=value)


@pytest.mark.parametrize("late", [-0.15, 0.0, 0.08, 0.19])
def test_the_offset_between_recording_and_score_is_found(tmp_path, late):
    made = aligned(tmp_path, scale(), late=late)
    phrase = scale()
    assert len(made.takes) == len(phrase)
    for struck, one in zip(phrase, made.takes, strict=True):
        assert one.cut.begin / SAMPLE_RATE == pytest.approx(struck.at + late, abs=0.003)
        assert one.take.note == struck.note
        assert one.take.controls == (struck.openness, 0.0)
    if late:
        said = f"{abs(late) * 1000:.0f} ms {'later' if late > 0 else 'earlier'} than in phrase.mid"
        assert made.remarks[0] == f"12 notes, {said}"


def test_every_note_begins_where_it_really_does(tmp_path):
    phrase = scale()
    rng = np.random.default_rng(7)
    played = [replace(struck, at=struck.at + rng.uniform(-0.015, 0.015)) for struck in phrase]
    write_pair(tmp_path, phrase)
    soundfile.write(tmp_path / "phrase.wav", perform(played, 0.05), SAMPLE_RATE, "FLOAT")
    (pair,) = find_pairs(tmp_path)
    made = align(AlignJob(pair, STYLE, tmp_path / "kept"))
    for struck, one in zip(played, made.takes, strict=True):
        assert one.cut.begin / SAMPLE_RATE == pytest.approx(struck.at + 0.05, abs=0.003)


@pytest.mark.parametrize("late", [-0.19, 0.12])
def test_notes_by_the_clock_are_told_apart_by_their_pitches(tmp_path, late):
    phrase = [
        Struck(0.5 + 0.25 * k, note, 0.2) for k, note in enumerate([50, 52, 53, 55, 57, 58, 60, 62] * 3)
    ]
    made = aligned(tmp_path, phrase, late=late)
    assert [one.take.note for one in made.takes] == [struck.note for struck in phrase]
    for struck, one in zip(phrase, made.takes, strict=True):
        assert one.cut.begin / SAMPLE_RATE == pytest.approx(struck.at + late, abs=0.003)


@pytest.mark.parametrize("late", [0.3, -0.25])
def test_a_recording_that_is_too_far_off_is_refused(tmp_path, late):
    made = aligned(tmp_path, scale(), late=late)
    assert isinstance(made, RecordingError)
    assert f"{abs(late) * 1000:.0f} ms {'later' if late > 0 else 'earlier'} than phrase.mid" in str(made)


def test_another_recording_is_refused(tmp_path):
    write_pair(tmp_path, scale())
    rng = np.random.default_rng(3)
    other = [
        replace(struck, at=float(at)) for struck, at in zip(scale(), rng.uniform(0.2, 7, 12), strict=True)
    ]
    soundfile.write(tmp_path / "phrase.wav", perform(other), SAMPLE_RATE, "FLOAT")
    (pair,) = find_pairs(tmp_path)
    assert "its notes do not begin where phrase.mid says" in str(align(AlignJob(pair, STYLE, tmp_path)))


def test_a_transposed_score_is_refused(tmp_path):
    write_pair(tmp_path, scale())
    write_midi(tmp_path / "phrase.mid", messages(scale(range(50, 62))))
    (pair,) = find_pairs(tmp_path)
    made = align(AlignJob(pair, STYLE, tmp_path / "kept"))
    assert "only 0 of 12 notes sound as phrase.mid names them" in str(made)


@pytest.mark.parametrize(("by", "said"), [(12, "an octave lower"), (-12, "an octave higher")])
def test_a_score_in_another_octave_is_refused(tmp_path, by, said):
    write_pair(tmp_path, scale())
    write_midi(tmp_path / "phrase.mid", messages(scale(range(48 + by, 60 + by))))
    (pair,) = find_pairs(tmp_path)
    made = align(AlignJob(pair, STYLE, tmp_path / "kept"))
    assert f"of 12 notes, 12 times it sounds {said} than its name" in str(made)


def test_noise_has_no_offset():
    rng = np.random.default_rng(0)
    rise = rises(rng.standard_normal(10 * SAMPLE_RATE).astype(np.float32))
    assert not any(offset.fits for offset in find_offsets(rise, np.sort(rng.uniform(0.5, 9.0, 20))))


def test_silences_between_notes_are_cut(tmp_path):
    phrase = scale(every=2.0)
    made = aligned(tmp_path, phrase)
    for one in made.takes:
        rings = 0.3 + LET_GO_S * np.log(1000.0)
        assert (one.cut.end - one.cut.begin) / SAMPLE_RATE < rings + KEPT_S + 0.05
        assert one.take.release_s == pytest.approx(0.3, abs=0.003)
    audio = perform(phrase)
    kept = sum(one.cut.end - one.cut.begin for one in made.takes)
    assert kept < 0.4 * len(audio)
    assert end_of(np.zeros(SAMPLE_RATE, np.float32)) <= KEPT_S * SAMPLE_RATE


def test_notes_that_follow_at_once_are_cut_where_the_next_begins(tmp_path):
    phrase = [replace(struck, held=0.6) for struck in scale()]
    made = aligned(tmp_path, phrase)
    for one, after in zip(made.takes, made.takes[1:], strict=False):
        assert one.cut.end <= after.cut.begin
        assert one.take.release_s is None


def test_a_tempo_map_is_followed(tmp_path):
    made = aligned(tmp_path, scale(), late=0.02, tempo_at=3.0)
    for struck, one in zip(scale(), made.takes, strict=True):
        assert one.cut.begin / SAMPLE_RATE == pytest.approx(struck.at + 0.02, abs=0.003)


def test_what_is_learned_from_a_pair(tmp_path):
    phrase = scale()
    phrase[4] = replace(phrase[4], fifth=1.0)
    write_pair(tmp_path / "data", phrase, late=0.04)
    notes = harvest_takes(tmp_path / "data", SIZES, tmp_path / "kept", share=0.2)
    made = {round(12 * np.log2(note.f0_hz[0] / 440) + 69): note for note in notes.train + notes.held_out}
    assert len(made) == 12
    for struck in phrase:
        note = made[struck.note]
        up = int(np.argmin(note.touch[:, GATE]))
        assert up / HOP_RATE == pytest.approx(struck.held, abs=0.006)
        assert note.touch[up, RELEASE] < 0.006
        assert note.touch[0, CONTROLS:].tolist() == [struck.openness, struck.fifth]
        # A real release is in the sound: 20 ms for e.
        assert note.loudness_db[up] - note.loudness_db[up + 15] > 10.0
        assert np.abs(1200 * np.log2(note.f0_hz[: up - 8] / hz(struck.note))).max() < 5.0
        assert (note.harmonics[20, 20] > 1e-3) == bool(struck.fifth)


def test_a_whole_pair_is_held_out_by_its_name(tmp_path):
    write_pair(tmp_path, scale(), "one")
    write_pair(tmp_path, scale(range(60, 66)), "two", late=0.03)
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", held_out=("two*",), shifts=(0.0, 1.0))
    assert (len(notes.train), len(notes.held_out)) == (24, 6)
    assert all(note.name.startswith("two ") for note in notes.held_out)
    assert any("two.wav: 6 notes, 30 ms later than in two.mid" in remark for remark in notes.remarks)


def test_pairs_and_single_notes_go_together(tmp_path):
    write_notes(tmp_path, range(70, 72))
    write_pair(tmp_path, scale())
    soundfile.write(tmp_path / "alone.wav", perform(scale()), SAMPLE_RATE)
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.2)
    assert len(notes.train) + len(notes.held_out) == 4 + 12
    assert "alone.wav: left alone: not in notes.csv, and no MIDI file beside it" in notes.remarks


def test_pairs_that_cannot_be_used_are_named(tmp_path):
    write_pair(tmp_path, scale(), "good")
    write_pair(tmp_path, scale(), "far", late=0.3)
    (tmp_path / "far.mid").rename(tmp_path / "far.MID")
    with pytest.raises(RecordingError, match=r"far\.wav: 300 ms later than far\.MID"):
        harvest_takes(tmp_path, SIZES, tmp_path / "kept")
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", skip_unusable=True)
    assert len(notes.train) + len(notes.held_out) == 12
    assert any(remark.startswith("left out: ") and "far.wav" in remark for remark in notes.remarks)


def test_where_two_notes_sound_nothing_is_sure():
    keys = [Key(50, 0.0, 1.0), Key(52, 0.8, 2.0), Key(55, 2.5, 3.0)]
    first, second, third = parts_of(Score(keys, [(0.0, ())], []))
    assert (first.begin_s, first.end_s, first.take.release_s) == (0.0, 0.8, None)
    assert second.take.unsure == ((0.0, pytest.approx(0.2)),)
    assert (second.end_s, second.take.release_s) == (2.5, pytest.approx(1.2))
    assert third.take.unsure == ()
    assert third.end_s == np.inf


def test_a_note_ends_where_an_older_one_is_alone_again():
    keys = [Key(50, 0.0, 3.0), Key(52, 1.0, 2.0)]
    first, second = parts_of(Score(keys, [(0.0, ())], []))
    assert first.end_s == 1.0
    assert (second.end_s, second.take.release_s) == (2.0, None)
    assert second.take.unsure == ((0.0, 1.0),)


def test_of_a_chord_the_last_note_is_left_and_is_unsure():
    keys = [Key(50, 0.0, 1.0), Key(54, 0.01, 1.0), Key(57, 0.02, 1.0)]
    (left,) = parts_of(Score(keys, [(0.0, ())], []))
    assert left.take.note == 57.0
    assert left.take.unsure[0][1] == pytest.approx(0.98)


def test_a_score_says_what_is_turned(tmp_path):
    score = score_of(
        tmp_path,
        [
            turn(0.5, 55, 0),
            key(1.0, 50, True),
            turn(1.25, 56, 127),
            key(2.0, 50, False),
            key(2.5, 52, True),
            key(3.0, 52, False),
        ],
    )
    assert score.turns == [
        (0.0, (1.0, 0.0)),
        (pytest.approx(0.5), (0.0, 0.0)),
        (pytest.approx(1.25), (0.0, 1.0)),
    ]
    first, second = parts_of(score)
    assert first.take.controls == (0.0, 0.0)
    assert first.take.turns == ((pytest.approx(0.25), (0.0, 1.0)),)
    assert second.take.controls == (0.0, 1.0)


def test_the_pedal_holds_notes(tmp_path):
    score = score_of(
        tmp_path,
        [key(0.0, 50, True), turn(0.2, 64, 127), key(0.5, 50, False), turn(1.5, 64, 0), key(2.0, 52, True)],
    )
    assert score.keys[0].off_s == pytest.approx(1.5)
    assert score.keys[1].off_s == np.inf


def test_a_key_that_is_struck_again_without_being_let_go(tmp_path):
    score = score_of(tmp_path, [key(0.0, 50, True), key(1.0, 50, True), key(1.5, 50, True, velocity=0)])
    assert [(one.on_s, one.off_s) for one in score.keys] == [
        (0.0, pytest.approx(1.0)),
        (pytest.approx(1.0), pytest.approx(1.5)),
    ]


def test_the_wheel_bends_by_the_range_of_the_file(tmp_path):
    wheel = mido.Message("pitchwheel", pitch=-4096)
    twelve = [turn(0.0, 101, 0), turn(0.0, 100, 0), turn(0.0, 6, 12)]
    plain = [(0.5, wheel), key(1.0, 50, True), (1.5, mido.Message("pitchwheel", pitch=8191))]
    assert score_of(tmp_path, plain).bends == [(pytest.approx(0.5), -1.0), (pytest.approx(1.5), 2.0)]
    score = score_of(tmp_path, [*twelve, *plain])
    assert [by for _, by in score.bends] == [-6.0, 12.0]
    (part,) = parts_of(score)
    assert part.take.bends == ((0.0, -6.0), (pytest.approx(0.5), 12.0))


def test_a_bent_phrase_is_named_by_its_bends(tmp_path):
    phrase = [Struck(0.5 + 0.61 * k, 50 + k, 0.4) for k in range(8)]
    bends = [(0.0, mido.Message("pitchwheel", pitch=8191))]
    write_pair(tmp_path, [replace(struck, note=struck.note + 2) for struck in phrase])
    write_midi(tmp_path / "phrase.mid", [*bends, *messages(phrase)])
    (pair,) = find_pairs(tmp_path)
    made = align(AlignJob(pair, STYLE, tmp_path / "kept"))
    assert [one.take.note for one in made.takes] == list(range(50, 58))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([turn(0.0, 7, 100)], "it has no note"),
        ([key(0.0, 50, True, channel=0), key(1.0, 52, True, channel=4)], "it has notes on channels 1, 5"),
    ],
)
def test_a_score_that_is_no_part_of_one_instrument_is_refused(tmp_path, said, told):
    with pytest.raises(RecordingError, match=told):
        score_of(tmp_path, said)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "does not begin with MThd"),
        (b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\0", "0 ticks per beat"),
        (b"MThd\0\0\0\6\0\1\0\1\0\1MTrk\0\0\0\x20\0\x90\x40", "cut off"),
    ],
)
def test_bytes_that_are_no_midi_are_refused(tmp_path, content, told):
    (tmp_path / "x.mid").write_bytes(content)
    with pytest.raises(RecordingError, match=rf"x\.mid: .*{told}"):
        read_score(tmp_path / "x.mid", STYLE)


def test_an_alignment_is_kept(tmp_path):
    made = aligned(tmp_path, scale(), late=0.05)
    (kept,) = (tmp_path / "kept").iterdir()
    (pair,) = find_pairs(tmp_path)
    before = kept.stat().st_mtime_ns
    assert align(AlignJob(pair, STYLE, tmp_path / "kept")) == made
    assert kept.stat().st_mtime_ns == before
