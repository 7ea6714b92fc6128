"""What the guitar that ships must do in mode style, row by row, as a musician plays it."""

from itertools import pairwise

import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, Edge
from ddsp_pi.models.decoder import touch_of
from ddsp_pi.models.library import open_instrument
from ddsp_pi.models.touch import HELD_S
from ddsp_pi.native.library import choose
from ddsp_pi.recording import load_sound
from tests import midi_streams as midi
from tests.phrases import FOLDER as PHRASES
from tests.playing import ns
from tests.references import decibels
from tests.style.guitar import JACK_NOTE, Jacks, cents, hertz, off, on, part, song, sound, write_song
from tests.style.heard import GUITAR, notes, recorded
from tests.style.judging import (
    changes,
    fall_s,
    gives_way_s,
    level_db,
    over_floor_db,
    partial_db,
    pitch_hz,
    ways,
)
from tests.test_phrases import notes_of

RECORDED = sorted({int(row.note) for row in notes() if not row.controls[1]})
"""Notes of which there are recordings, open and muted."""

VELOCITIES = range(10, 128, 13)


class TestM1Pitch:
    @pytest.mark.parametrize("note", range(36, 85))
    def test_every_note_is_in_tune(self, note):
        heard = part(sound(0.5, on(note)), 0.1, 0.5)
        assert abs(cents(pitch_hz(heard, hertz(note)), note)) < 5.0

    def test_the_newest_key_sounds_and_a_release_returns(self):
        heard = sound(1.4, on(45), on(52, 0.3), on(57, 0.6), off(57, 0.9), off(52, 1.1))
        for begin, note in ((0.05, 45), (0.35, 52), (0.65, 57), (0.92, 52), (1.15, 45)):
            found = pitch_hz(part(heard, begin, begin + 0.17), hertz(note))
            assert abs(cents(found, note)) < 20.0


class TestM2Velocity:
    @pytest.mark.parametrize("note", [40, 52, 64, 76])
    @pytest.mark.parametrize("openness", [0.0, 1.0])
    def test_a_harder_key_is_louder(self, note, openness):
        levels = [
            loudness_contour(sound(0.3, on(note, 0.05, velocity), openness=openness)).max()
            for velocity in (*VELOCITIES, 30, 110)
        ]
        assert all(softer < harder for softer, harder in pairwise(levels[:-2]))
        assert levels[-1] - levels[-2] >= 6.0


class TestM3Openness:
    @pytest.mark.parametrize("note", RECORDED)
    def test_it_changes_the_decay_as_in_the_recordings(self, note):
        opened, muted = (fall_s(sound(4.0, on(note), openness=openness)) for openness in (1.0, 0.0))
        print(f"note {note}: 20 dB in {opened:.2f} s open, {muted:.2f} s muted")
        assert opened >= 3.0 * muted
        for made, controls in ((opened, (1.0, 0.0)), (muted, (0.0, 0.0))):
            rows = [row for row in notes() if row.note == note and row.controls == controls]
            real = [fall_s(recorded(row.recording)) for row in rows]
            assert min(real) / 2.0 <= made <= max(real) * 1.5

    def test_halfway_it_is_in_between(self):
        falls = [fall_s(sound(4.0, on(50), openness=openness)) for openness in (0.0, 0.5, 1.0)]
        assert falls == sorted(falls)

    def test_a_controller_that_never_came_stands_where_the_card_says(self, tmp_path):
        note = (4800, midi.on(45)), (48_000, midi.off(45))
        defaults = [
            (0, midi.cc(controller.cc, round(127 * controller.default)))
            for controller in open_instrument(GUITAR).card.style.controllers
        ]
        unseen = song(write_song(tmp_path / "unseen.mid", *note), 1.2)
        seen = song(write_song(tmp_path / "seen.mid", *defaults, *note), 1.2)
        np.testing.assert_array_equal(unseen, seen)
        for control, value in ((midi.OPENNESS, 0), (midi.POWER, 127)):
            other = song(write_song(tmp_path / "other.mid", (0, midi.cc(control, value)), *note), 1.2)
            assert decibels(other - unseen, unseen) > -10.0


def fifth_db(audio, note):
    """Level of the partial at 1.5 times the pitch, against that of the pitch."""
    root, fifth = partial_db(audio, hertz(note) * np.array([1.0, 1.5]))
    return float(fifth - root)


class TestM4PowerChord:
    @pytest.mark.parametrize("note", [40, 45, 52])
    def test_it_adds_partials_at_the_fifth_and_none_when_it_is_off(self, note):
        chord, alone = (part(sound(1.0, on(note), power_chord=power), 0.1, 1.0) for power in (1.0, 0.0))
        over = over_floor_db(chord, 1.5 * hertz(note), hertz(note) / 2.0)
        print(
            f"note {note}: the fifth {over:.0f} dB over the floor and {fifth_db(chord, note):.0f} dB against "
            f"the root, off {fifth_db(alone, note):.0f} dB"
        )
        assert over > 12.0
        assert fifth_db(chord, note) > -30.0
        assert fifth_db(alone, note) < -50.0

    def test_it_is_turned_off_under_a_note(self, tmp_path):
        turned = (0, midi.cc(midi.POWER, 127)), (0, midi.on(52)), (24_000, midi.cc(midi.POWER, 0))
        heard = song(write_song(tmp_path / "turned.mid", *turned, (72_000, midi.off(52))), 1.5)
        assert fifth_db(part(heard, 0.1, 0.5), 52) > -30.0
        assert fifth_db(part(heard, 0.52, 1.5), 52) < -50.0


class TestM5Time:
    @pytest.mark.parametrize("openness", [0.0, 1.0])
    def test_a_note_is_another_after_two_seconds(self, openness):
        level = loudness_contour(sound(2.2, on(52), openness=openness))
        assert level[round(0.05 * HOP_RATE)] - level[round(2.0 * HOP_RATE)] > 6.0

    def test_by_nothing_but_the_time_since_it_began(self):
        decoder, fresh = (open_instrument(GUITAR).decoder() for _ in range(2))
        for row in ([3.0, 0.1, 0.0, 0.3, 1.0], [40.0, HELD_S, 1.0, 0.0, 0.5]):
            touch_of(decoder).rows[0][:] = row
            decoder.step([300.0], [-20.0])
        answers = []
        for player, since_s in ((decoder, 0.05), (fresh, 0.05), (fresh, 2.0)):
            touch_of(player).rows[0][:] = [since_s, HELD_S, 1.0, 1.0, 0.0]
            answers.append(np.concatenate(player.step([165.0], [-20.0]), axis=1).copy())
        np.testing.assert_array_equal(answers[0], answers[1])
        assert np.abs(answers[2]).max() < 0.7 * np.abs(answers[0]).max()

    def test_not_by_when_that_was_nor_by_what_was_played_before(self):
        later = 3750 * HOP / SAMPLE_RATE
        alone = sound(1.0, on(52), noise=0.0)
        behind = sound(later + 1.0, on(40), on(64, 0.5), off(64, 2.0), off(40, 3.0), on(52, later), noise=0.0)
        levels = [loudness_contour(audio)[8:-8] for audio in (alone, behind[-SAMPLE_RATE:])]
        assert np.abs(levels[0] - levels[1]).max() < 0.2


THEN = 250 * HOP
BEFORE = (
    (0, midi.cc(midi.OPENNESS, 90)),
    (480, midi.on(45)),
    (9_600, midi.on(52, 80)),
    (14_401, midi.bend(900)),
    (24_000, midi.off(52)),
)
FUTURES = {
    "a key": [midi.on(57)],
    "the key up": [midi.off(45)],
    "the same key": [midi.off(45), midi.on(45, 127)],
    "a chord": [midi.on(57), midi.on(60), midi.on(64)],
    "muted": [midi.cc(midi.OPENNESS, 0)],
    "a power chord": [midi.cc(midi.POWER, 127), midi.on(40)],
    "the wheel": [midi.bend(-8192)],
    "the pedal": [midi.cc(midi.PEDAL, 127), midi.off(45)],
    "all sound off": [midi.cc(midi.ALL_SOUND_OFF, 0)],
    "all notes off": [midi.cc(midi.ALL_NOTES_OFF, 0)],
    "a program": [midi.program(3)],
}


LATER = 10 * SAMPLE_RATE
"""Where every song ends: at its end all keys go up, and the wheel goes back."""


class TestM6Causality:
    def heard(self, folder, place, messages, voices=1):
        future = [(place, message) for message in messages]
        return song(
            write_song(folder / "song.mid", *BEFORE, *future, (LATER, midi.off(45))), 0.9, voices=voices
        )

    @pytest.mark.parametrize("voices", [1, 3])
    @pytest.mark.parametrize("name", FUTURES)
    def test_what_sounds_does_not_depend_on_what_comes(self, tmp_path, name, voices):
        plain = self.heard(tmp_path, THEN, [], voices)
        other = self.heard(tmp_path, THEN, FUTURES[name], voices)
        np.testing.assert_array_equal(other[:THEN], plain[:THEN])
        assert np.abs(plain[:THEN]).max() > 0.01

    @pytest.mark.parametrize("inside", [1, 50, 127])
    def test_inside_a_hop_keys_count_from_their_sample_and_knobs_from_its_beginning(self, tmp_path, inside):
        plain = self.heard(tmp_path, THEN, [])
        for name in ("a key", "the key up", "the same key", "a chord", "muted", "a power chord", "the wheel"):
            other = self.heard(tmp_path, THEN + inside, FUTURES[name])
            exact = all(message.type.startswith("note") for message in FUTURES[name])
            until = THEN + inside if exact else THEN
            np.testing.assert_array_equal(other[:until], plain[:until])
            assert not np.array_equal(other, plain)


class TestM7Length:
    @pytest.mark.parametrize("seconds", [0.5, 3.7, 60.0])
    @pytest.mark.parametrize("openness", [0, 127])
    def test_a_note_may_be_as_long_as_it_likes(self, tmp_path, seconds, openness):
        path = write_song(
            tmp_path / "long.mid",
            (0, midi.cc(midi.OPENNESS, openness)),
            (0, midi.on(45)),
            (round(seconds * SAMPLE_RATE), midi.off(45)),
        )
        heard = song(path, seconds + 1.0)
        assert np.isfinite(heard).all()
        assert 0.05 < np.abs(heard).max() < 1.0
        # It fades and does not come back, however long the key is held.
        level = loudness_contour(heard)
        assert level[round(5.0 * HOP_RATE) :].max(initial=-100.0) < level.max() - 25.0
        assert np.abs(heard[-SAMPLE_RATE // 10 :]).max() < 1e-6

    @pytest.mark.parametrize("kernel", ["native", "numpy"])
    @pytest.mark.parametrize("block", [16, 100, 128, 1000])
    def test_streamed_it_is_what_it_is_at_once(self, tmp_path, kernel, block):
        path = write_song(
            tmp_path / "song.mid", *BEFORE, (33_001, midi.cc(midi.POWER, 127)), (33_001, midi.on(40))
        )
        with choose(kernel):
            streamed, whole = (song(path, 1.0, n, voices=2) for n in (block, 64 * HOP))
        assert decibels(streamed - whole, whole) < -90.0

    def test_both_kernels_play_the_same(self, tmp_path):
        path, heard = write_song(tmp_path / "song.mid", *BEFORE), []
        for kernel in ("native", "numpy"):
            with choose(kernel):
                heard.append(song(path, 1.0, noise=0.0))
        assert decibels(heard[0] - heard[1], heard[1]) < -80.0


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The phrases that ship, as `ddsp-pi render` makes them."""
    folder, made = tmp_path_factory.mktemp("rendered"), {}
    for path in sorted(PHRASES.glob("*.mid")):
        wav = folder / f"{path.stem}.wav"
        assert main(["render", "--mode", "style", "--midi", str(path), "-o", str(wav)]) == 0
        made[path.stem] = load_sound(wav).audio
    return made


def is_chord_after_open_chord(before, note):
    """Both distorted alike and ringing: nothing but the pitch tells one from the other."""
    return before[3] == before[4] == note[3] == note[4] == 127


class TestM9Phrases:
    NAMES = ("minor-triad", "minor-triad-long", "two-notes")

    @pytest.mark.parametrize("name", NAMES)
    def test_notes_begin_when_the_file_says(self, rendered, name):
        played, heard = notes_of(name), rendered[name]
        found, late = np.array(changes(heard)), []
        for before, note in zip([(0.0,) * 6, *played], played, strict=False):
            if is_chord_after_open_chord(before, note):
                begin = gives_way_s(heard, note[0] + 0.002, hertz(before[1]), hertz(note[1]))
            else:
                begin = found[np.abs(found - note[0]).argmin()]
            late.append(begin - note[0])
        print(f"{name}: {len(late)} notes, at most {1000.0 * max(map(abs, late)):.1f} ms off")
        assert max(map(abs, late)) <= 0.003
        times = np.array([note[0] for note in played])
        last_up = played[-1][0] + played[-1][-1]
        others = [at for at in found if np.abs(times - at).min() > 0.003 and at < last_up]
        assert others == [], "and nothing begins besides"

    @pytest.mark.parametrize("name", NAMES)
    def test_open_and_muted_are_told_apart(self, rendered, name):
        right = []
        for note in notes_of(name):
            heard = part(rendered[name], note[0], note[0] + note[-1])
            right.append(ways().told(heard).startswith("open") == (note[3] == 127))
        assert np.mean(right) >= 0.95


def jacks(note, velocity, openness, power):
    """Gate 1 and the volts of a note."""
    gates = Edge(1, True, ns(0.1)), Edge(1, False, ns(0.6))
    volts = {"cv1": (note - JACK_NOTE) / 12.0, "cv2": 5.0 * velocity / 127.0}
    return Jacks(gates, **volts, cv5=5.0 * openness / 127.0, cv6=5.0 * power / 127.0)


class TestM10Sources:
    @pytest.mark.parametrize(
        ("note", "velocity", "openness", "power"),
        [(45, 100, 127, 0), (45, 30, 127, 0), (57, 127, 0, 0), (40, 90, 127, 127), (40, 64, 0, 127)],
    )
    def test_a_note_is_the_same_from_midi_and_from_the_jacks(self, tmp_path, note, velocity, openness, power):
        path = write_song(
            tmp_path / "note.mid",
            (0, midi.cc(midi.OPENNESS, openness)),
            (0, midi.cc(midi.POWER, power)),
            (4800, midi.on(note, velocity)),
            (28_800, midi.off(note)),
        )
        keys, cables = song(path, 1.0), sound(1.0, board=jacks(note, velocity, openness, power))
        assert level_db(keys) > -60.0
        assert decibels(cables - keys, keys) < -80.0
