import numpy as np
import pytest
import soundfile

from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.card import Style
from ddsp_pi.models.touch import CONTROLS, GATE, HELD_S, ONSET, RELEASE
from ddsp_pi.train.analysis import FLOOR, Bank, analyse, analyse_note, whole_bank
from ddsp_pi.train.fades import let_go, without_fade
from ddsp_pi.train.manifest import read_manifest
from ddsp_pi.train.naming import doubt, is_named
from ddsp_pi.train.notes import harvest_takes
from ddsp_pi.train.onset import find_onset
from ddsp_pi.train.shifting import shifted
from ddsp_pi.train.silences import end_of, gone_silent
from ddsp_pi.train.takes import Sizes, Take, features_of, touch_rows
from ddsp_pi.train.tuning import off_cents, pitch_contour
from tests.train.struck import MUTED_S, RINGS_S, SIZES, STYLE, hz, pluck, write_notes

OPEN, MUTED, FIFTH = Take(52.0, (1.0, 0.0)), Take(52.0, (0.0, 0.0)), Take(52.0, (1.0, 1.0))


def names(note, samples):
    return np.full(samples // HOP + 1, float(note))


def open_note(**how):
    return features_of("open", pluck(52, 1.0, **how), OPEN, SIZES)


def muted_note():
    return features_of("muted", pluck(52, 1.2, openness=0.0), MUTED, SIZES)


@pytest.mark.parametrize("note", [40, 52, 76])
@pytest.mark.parametrize("lead", [0, 700, 4800])
def test_a_note_begins_where_it_is_struck(note, lead):
    rng = np.random.default_rng(note)
    sound = pluck(note, 0.5)
    before = 0.03 * np.abs(sound).max() * rng.uniform(-1, 1, lead).astype(np.float32)
    assert find_onset(np.concatenate([before, sound])) == pytest.approx(lead, abs=8)


def test_a_slow_note_begins_far_below_its_peak():
    sound = pluck(64, 1.0) * np.minimum(np.arange(SAMPLE_RATE) / (0.15 * SAMPLE_RATE), 1.0) ** 3
    audio = np.concatenate([np.zeros(2000, np.float32), sound.astype(np.float32)])
    onset = find_onset(audio)
    assert onset >= 2000
    assert np.abs(audio[: onset + 480]).max() < 0.06 * np.abs(audio).max()


def test_the_breath_before_a_tone_is_part_of_its_rise():
    t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    rise_db = np.interp(t, [0.0, 0.02, 0.032, 0.034, 0.04], [-33.0, -21.0, -12.0, -6.0, 0.0])
    breath = np.random.default_rng(0).uniform(-1.0, 1.0, len(t)) * 10 ** (rise_db / 20)
    audio = np.concatenate([np.zeros(2000), breath]).astype(np.float32)
    assert 2000 <= find_onset(audio) < 2000 + 0.015 * SAMPLE_RATE


@pytest.mark.parametrize("note", [36, 52, 84])
@pytest.mark.parametrize("cents", [-55, 0, 23])
@pytest.mark.parametrize("seconds", [0.25, 2.0])
def test_the_recording_gives_the_cents(note, cents, seconds):
    sound = pluck(note + cents / 100.0, seconds, openness=float(seconds > 1))
    assert off_cents(sound, names(note, len(sound))) == pytest.approx(cents, abs=2.0)
    contour = pitch_contour(sound, names(note, len(sound)))
    loud = contour[: round(0.2 * HOP_RATE)]
    assert np.abs(1200 * np.log2(loud / hz(note + cents / 100.0))).max() < 3.0


def test_the_name_gives_the_octave_even_where_its_lowest_partials_are_missing():
    sound = pluck(48, 1.0, partials=(4, 6, 7, 8, 10, 12))
    assert off_cents(sound, names(48, len(sound))) == pytest.approx(0.0, abs=2.0)


def test_a_string_that_is_struck_hard_is_sharp_at_first():
    falling = 40.0 + 0.2 * np.exp(-np.arange(2 * SAMPLE_RATE) / (0.4 * SAMPLE_RATE))
    sound = pluck(falling, 2.0)
    contour = pitch_contour(sound, names(40, len(sound)))
    off = 1200 * np.log2(contour[:-1] / hz(falling[::HOP]))
    assert np.abs(off[20:-80]).max() < 3.0


def test_a_bent_note_is_followed():
    frames = 2 * SAMPLE_RATE // HOP + 1
    take = Take(52.0, (1.0, 0.0), bends=tuple((0.5 + 0.01 * k, 0.02 * k) for k in range(101)))
    bend = np.interp(np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE, [0.5, 1.5], [0.0, 2.0])
    made = features_of("bent", pluck(52.3 + bend, 2.0), take, SIZES)
    wanted = hz(52.3 + np.append(bend[::HOP], bend[-1]))
    assert len(made.f0_hz) == frames
    assert np.abs(1200 * np.log2(made.f0_hz / wanted)).max() < 12.0


@pytest.mark.parametrize(("name", "right"), [(52, True), (53, False), (50, False)])
def test_whether_a_note_sounds_like_its_name(name, right):
    sound = pluck(52.2, 0.3)
    assert is_named(sound, names(name, len(sound))) == right


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (52, None),
        (64, "an octave lower"),
        (40, "an octave higher"),
        (53, "another note"),
        (50, "another note"),
    ],
)
def test_a_wrong_name_is_remarked_on(name, said):
    told = doubt(pluck(52.2, 1.0), names(name, SAMPLE_RATE))
    assert told is None if said is None else said in told


def test_a_fifth_is_no_wrong_octave():
    sound = pluck(52, 1.0, fifth=1.0)
    assert doubt(sound, names(52, len(sound)), has_second=True) is None
    assert "an octave lower" in doubt(sound, names(52, len(sound)))


def test_an_attack_begins_with_its_first_sample_at_its_own_level():
    made = open_note()
    began, later = made.harmonics[0, :10], made.harmonics[40, :10]
    fallen = np.exp(-40 / HOP_RATE / RINGS_S)
    assert np.abs(20 * np.log10(began * fallen / later)).max() < 1.5
    smeared, _ = analyse(made.audio, made.f0_hz, 20, 9)
    assert np.abs(20 * np.log10(smeared[0, :10] * fallen / later)).min() > 4.0
    assert made.loudness_db[0] == pytest.approx(made.loudness_db.max(), abs=2.0)


def test_a_recording_that_is_cut_off_is_at_its_level_to_the_last():
    made = open_note()
    before, last = made.harmonics[-40, :10], made.harmonics[-1, :10]
    assert np.abs(20 * np.log10(last / before / np.exp(-39 / HOP_RATE / RINGS_S))).max() < 1.5
    assert made.loudness_db[-1] == pytest.approx(made.loudness_db[-20], abs=2.0)


def test_what_is_asked_is_the_loudness_at_the_peak():
    made = muted_note()
    assert np.all(made.asked_db == made.loudness_db.max())
    assert made.loudness_db[round(0.2 * HOP_RATE)] < made.asked_db[0] - 8.0


def test_confidence_ends_where_the_note_does():
    made = muted_note()
    last = np.flatnonzero(made.confidence)[-1] / HOP_RATE
    assert last == pytest.approx(MUTED_S * np.log(1000.0), abs=0.1)
    assert open_note().confidence.all()


def test_the_second_bank_has_what_the_first_has_not():
    sound = pluck(52, 1.0, fifth=1.0)
    first, second = np.split(features_of("fifth", sound, FIFTH, SIZES).harmonics[30], [20])
    faded = 0.1 * np.exp(-30 / HOP_RATE / RINGS_S)
    for number in (1, 3, 5, 7):
        assert 20 * np.log10(second[number - 1] / (0.5 * faded / number)) == pytest.approx(0.0, abs=1.0)
    assert np.all(second[1::2] == np.float32(FLOOR))
    assert 20 * np.log10(first[0] / faded) == pytest.approx(0.0, abs=1.0)
    plain = features_of("off", sound, OPEN, SIZES)
    assert np.all(plain.harmonics[:, 20:] == np.float32(FLOOR))
    # What nobody takes out as partials is left for the noise.
    assert plain.noise[30, 0] > 5 * features_of("fifth", sound, FIFTH, SIZES).noise[30, 0]


def test_a_note_in_one_bank_is_analysed_as_ever_far_from_its_ends():
    sound = pluck(52, 1.0)
    f0_hz = np.full(376, hz(52), np.float32)
    for one, other in zip(
        analyse(sound, f0_hz, 20, 9), analyse_note(sound, f0_hz, [whole_bank(20)], 9), strict=True
    ):
        np.testing.assert_allclose(one[30:-30], other[30:-30], rtol=2e-3)


def test_a_partial_that_is_not_there_is_not_looked_for():
    bank = Bank(1.0, np.array([True, False, True]))
    made, _ = analyse_note(pluck(52, 0.5), np.full(188, hz(52), np.float32), [bank], 9)
    assert np.all(made[:, 1] == np.float32(FLOOR))
    assert made[20, 2] > 0.01


def test_rows_say_how_a_note_is_played():
    take = Take(52.0, (1.0, 0.0), release_s=0.1, turns=((0.05, (0.5, 0.0)),))
    rows = touch_rows(take, 76)
    at = np.arange(76) / HOP_RATE
    np.testing.assert_allclose(rows[:, ONSET], at, atol=1e-6)
    np.testing.assert_array_equal(rows[:, GATE], at < 0.1)
    np.testing.assert_allclose(rows[:, RELEASE], np.where(at < 0.1, HELD_S, at - 0.1), atol=1e-6)
    np.testing.assert_array_equal(rows[:, CONTROLS], np.where(at < 0.05, 1.0, 0.5).astype(np.float32))


def test_a_note_without_a_release_is_held():
    rows = touch_rows(OPEN, 10)
    assert np.all(rows[:, GATE] == 1.0)
    assert np.all(rows[:, RELEASE] == HELD_S)


def test_a_tape_that_runs_faster():
    take = Take(52.0, (1.0, 0.0), release_s=0.6, turns=((0.3, (0.0, 0.0)),), bends=((0.2, 1.0),))
    higher = take.shifted(2.0)
    assert higher.note == 54.0
    assert higher.release_s == pytest.approx(0.6 * 2 ** (-1 / 6))
    assert higher.turns[0][0] == pytest.approx(0.3 * 2 ** (-1 / 6))
    assert higher.bends[0] == (pytest.approx(0.2 * 2 ** (-1 / 6)), 1.0)
    sound = shifted(pluck(52, 1.0), 2.0)
    assert len(sound) == pytest.approx(SAMPLE_RATE * 2 ** (-1 / 6), abs=1)
    assert off_cents(sound, names(54, len(sound))) == pytest.approx(0.0, abs=2.0)
    assert np.abs(sound[:64]).max() > 0.5 * np.abs(sound).max()


def test_only_a_fifth_of_a_second_of_silence_is_kept():
    sound = pluck(52, 1.0, openness=0.0)
    silence = 1e-6 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32)
    kept = end_of(np.concatenate([sound, silence])) / SAMPLE_RATE
    assert kept == pytest.approx(MUTED_S * np.log(1000.0) + 0.2, abs=0.1)
    assert end_of(pluck(52, 1.0)) == SAMPLE_RATE


def test_the_fade_of_an_editor_is_left_out():
    sound = pluck(52, 2.5)
    faded = sound.copy()
    faded[-12_000:] *= np.linspace(1.0, 0.0, 12_000, dtype=np.float32)
    kept = without_fade(faded)
    assert kept / SAMPLE_RATE == pytest.approx(2.25, abs=0.06)
    assert without_fade(sound) == len(sound)
    for held in (pluck(52, 1.5, openness=0.0), pluck(52, 0.9), pluck(40, 3.0, partials=(1,))):
        assert without_fade(held) == len(held)


def test_a_key_that_goes_up_is_no_fade(tmp_path):
    write_notes(tmp_path, range(48, 50))
    for name in ("n48_1.wav", "n49_1.wav"):
        soundfile.write(tmp_path / name, pluck(48, 2.2, held=2.0), SAMPLE_RATE, "FLOAT")
    (tmp_path / "notes.csv").write_text(
        "file,note,openness,fifth,release_s\nn48_1.wav,48,1,0,2\nn49_1.wav,48,0,0,\n"
    )
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", held_out=("n49*",))
    (let_go,), (held,) = notes.train, notes.held_out
    assert let_go.loudness_db[-1] < let_go.asked_db[0] - 45.0
    assert not let_go.touch[-1, GATE]
    assert held.loudness_db[-1] > held.asked_db[0] - 25.0
    assert "n49_1.wav: its end, faster than its decay, is left out" in notes.remarks


@pytest.mark.parametrize("held", [0.25, 1.5])
def test_where_a_sustained_note_is_let_go(tmp_path, held):
    t = np.arange(round((held + 0.4) * SAMPLE_RATE)) / SAMPLE_RATE
    swell = (
        np.minimum(t / 0.06, 1.0) * (1.0 + 0.1 * np.sin(30 * t)) * np.exp(-np.maximum(t - held, 0.0) / 0.04)
    )
    tone = sum(np.sin(2 * np.pi * k * hz(72) * t) / k for k in range(1, 6))
    audio = (0.1 * swell * tone).astype(np.float32)
    assert let_go(audio) / SAMPLE_RATE == pytest.approx(held, abs=0.04)
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, audio, SAMPLE_RATE, "FLOAT")
    (tmp_path / "notes.csv").write_text("file,note,release_s\na.wav,72,end\nb.wav,71.9,\n")
    sizes = Sizes(10, 9, Style())
    (note,) = harvest_takes(tmp_path, sizes, tmp_path / "kept", held_out=("b*",)).train
    up = int(np.argmin(note.touch[:, GATE])) / HOP_RATE
    assert up == pytest.approx(held, abs=0.04)
    assert len(note.audio) / SAMPLE_RATE > held + 0.2


def test_what_has_died_stays_silent():
    made = muted_note()
    longer = gone_silent(made, 0.5)
    more = round(0.5 * HOP_RATE)
    assert len(longer.f0_hz) == len(made.f0_hz) + more
    assert len(longer.audio) == (len(longer.f0_hz) - 1) * HOP
    assert not longer.audio[len(made.audio) :].any()
    np.testing.assert_allclose(np.diff(longer.touch[:, ONSET]), 1 / HOP_RATE, atol=1e-5)
    assert np.all(longer.touch[:, GATE] == 1.0)
    assert not longer.confidence[-more:].any()
    assert np.all(longer.harmonics[-more:] == np.float32(FLOOR))
    assert gone_silent(open_note(), 0.5).seconds == open_note().seconds


def test_a_list_says_how_notes_are_played(tmp_path):
    write_notes(tmp_path, range(48, 50))
    (tmp_path / "notes.csv").write_text(
        "note,fifth,remark,file,openness,release_s\n48.5,0,x,n48_0.wav,0.25,\n49,1,,n49_1.wav,1,0.4\n"
    )
    one, other = read_manifest(tmp_path / "notes.csv", STYLE)
    assert (one.note, one.controls, one.release_s) == (48.5, (0.25, 0.0), None)
    assert (other.controls, other.release_s) == ((1.0, 1.0), 0.4)
    assert other.recording == tmp_path / "n49_1.wav"
    assert read_manifest(tmp_path / "notes.csv", Style())[0].controls == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file,note,openness\nn48_0.wav,48,0\n", r"line 1: no column 'fifth'.*file, note, openness, fifth"),
        ("file,note,openness,fifth\n", "no note in it"),
        ("file,note,openness,fifth\nn48_0.wav,C3,0,0\n", "line 2, column note: 'C3' is no number from 16"),
        ("file,note,openness,fifth\nn48_0.wav,48,2,0\n", "line 2, column openness: '2'"),
        ("file,note,openness,fifth\nn48_0.wav,48,nan,0\n", "line 2, column openness: 'nan'"),
        ("file,note,openness,fifth\n\nnone.wav,48,0,0\n", "line 3, column file: there is no file 'none.wav'"),
        ("file,note,openness,fifth\nn48_0.wav,48,,0\n", "line 2, column openness: ''"),
        ("file,note,openness,fifth\nn48_0.wav,48\n", "line 2, column openness: ''"),
        (
            "file,note,openness,fifth,release_s\nn48_0.wav,48,0,0,late\n",
            "line 2, column release_s: 'late' is no number from 0 to 3600 or 'end'",
        ),
        (
            "file,note,openness,fifth\nn48_0.wav,48,0,0\n./n48_0.wav,49,0,0\n",
            "line 3, column file: n48_0.wav is in .*line 2 as well",
        ),
        ("\0\xff", "notes.csv"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_place(tmp_path, text, told):
    write_notes(tmp_path, range(48, 49))
    (tmp_path / "notes.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(RecordingError, match=told):
        read_manifest(tmp_path / "notes.csv", STYLE)


def test_a_folder_of_notes_is_split_before_anything_else(tmp_path):
    write_notes(tmp_path / "data")
    notes = harvest_takes(tmp_path / "data", SIZES, tmp_path / "kept", share=0.25, shifts=(-2.0, 0.0, 2.0))
    assert (len(notes.train), len(notes.held_out)) == (12 * 3, 4)
    held = {note.name for note in notes.held_out}
    assert held.isdisjoint(note.name.split()[0] for note in notes.train)
    assert {note.name.partition(" ")[2] for note in notes.train} == {"", "-2", "+2"}
    plain = {note.name: note for note in notes.train if " " not in note.name}
    for note in notes.train:
        name, _, shift = note.name.partition(" ")
        ratio = 2.0 ** (float(shift or 0) / 12.0)
        assert np.median(note.f0_hz) == pytest.approx(np.median(plain[name].f0_hz) * ratio, rel=2e-3)
        assert note.touch[0].tolist() == [0.0, HELD_S, 1.0, float(name[-1]), 0.0]


def test_all_recordings_of_a_note_are_on_one_side(tmp_path):
    write_notes(tmp_path)
    rows = (tmp_path / "notes.csv").read_text().splitlines()
    for row in rows[1:]:
        name = row.split(",")[0]
        sound, rate = soundfile.read(tmp_path / name)
        soundfile.write(tmp_path / f"again_{name}", 0.5 * sound, rate, "FLOAT")
    again = [f"again_{row}" for row in rows[1:]]
    (tmp_path / "notes.csv").write_text("\n".join([*rows, *again]))
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.3)
    held = {note.name for note in notes.held_out}
    assert len(held) == 10
    assert {name for name in held if name.startswith("again_")} == {
        f"again_{name}" for name in held if not name.startswith("again_")
    }


def test_names_are_doubted_in_the_remarks(tmp_path):
    write_notes(tmp_path, range(48, 52))
    text = (tmp_path / "notes.csv").read_text()
    for name, wrong in (("n48_0", 60), ("n49_1", 50), ("n50_1", 51)):
        text = text.replace(f"{name}.wav,{name[1:3]}", f"{name}.wav,{wrong}")
    (tmp_path / "notes.csv").write_text(text)
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", shifts=(0.0, 1.0))
    said = [remark for remark in notes.remarks if "sounds" in remark]
    assert len(said) == 2
    assert any(r.startswith("2 recordings, such as n49_1") or "such as n50_1" in r for r in said)
    assert any(remark.startswith("n48_0.wav: sounds an octave lower") for remark in said)


def test_recordings_are_held_out_by_pattern(tmp_path):
    write_notes(tmp_path)
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", held_out=("n5?_1*",))
    assert {note.name for note in notes.held_out} == {f"n5{n}_1" for n in range(6)}
    with pytest.raises(RecordingError, match="16 notes leave 16 to train on and 0 held out"):
        harvest_takes(tmp_path, SIZES, tmp_path / "kept", held_out=("no*",))


def test_features_are_kept_and_made_anew_when_anything_changes(tmp_path):
    write_notes(tmp_path, range(48, 50))
    first = harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.5)
    made = sorted((tmp_path / "kept").iterdir())
    again = harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.5)
    assert sorted((tmp_path / "kept").iterdir()) == made
    assert len(made) == 4
    np.testing.assert_array_equal(first.train[0].touch, again.train[0].touch)
    text = (tmp_path / "notes.csv").read_text()
    (tmp_path / "notes.csv").write_text(text.replace("n48_0.wav,48,0", "n48_0.wav,48,0.5"))
    harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.5)
    assert len(list((tmp_path / "kept").iterdir())) == 5
    harvest_takes(tmp_path, Sizes(20, 17, STYLE), tmp_path / "kept", share=0.5)
    assert len(list((tmp_path / "kept").iterdir())) == 9


def test_notes_that_cannot_be_used_are_all_named(tmp_path):
    write_notes(tmp_path, range(48, 52))
    for name in ("n48_0.wav", "n49_1.wav"):
        soundfile.write(tmp_path / name, np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    with pytest.raises(RecordingError, match=r"(?s)n49_1\.wav.*silent|n48_0\.wav.*silent") as told:
        harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.4)
    assert "n48_0.wav" in str(told.value)
    assert "n49_1.wav" in str(told.value)
    notes = harvest_takes(tmp_path, SIZES, tmp_path / "kept", share=0.4, skip_unusable=True)
    assert len(notes.train) + len(notes.held_out) == 6
    assert sum("left out: " in remark for remark in notes.remarks) == 2


def test_a_folder_with_nothing_to_learn_from(tmp_path):
    soundfile.write(tmp_path / "alone.wav", pluck(50, 0.5), SAMPLE_RATE)
    with pytest.raises(RecordingError, match=r"no notes\.csv there, and no recording that has a MIDI file"):
        harvest_takes(tmp_path, SIZES, tmp_path / "kept")
