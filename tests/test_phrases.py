"""The phrases that ship are those of the code, and say what the demo promises."""

import mido
import pytest

from ddsp_pi.standard_midi import read_messages
from tests.phrases import FOLDER, OPENNESS, PHRASES, POWER, written


def notes_of(name):
    """(seconds, note, velocity, openness, power, seconds that it lasts) of each note."""
    now, struck, notes = {OPENNESS: None, POWER: None}, {}, []
    for at_ns, message in read_messages(FOLDER / f"{name}.mid"):
        if message.type == "control_change":
            now[message.control] = message.value
        elif message.type == "note_on":
            assert not struck  # one voice
            struck[message.note] = (at_ns / 1e9, message.note, message.velocity, now[OPENNESS], now[POWER])
        elif message.type == "note_off":
            begun = struck.pop(message.note)
            notes.append((*begun, at_ns / 1e9 - begun[0]))
    assert not struck
    return notes


@pytest.mark.parametrize("name", PHRASES)
def test_the_files_that_ship_are_those_of_the_code(name):
    there = {path.stem for path in FOLDER.iterdir()}
    assert there == PHRASES.keys()
    shipped = (FOLDER / f"{name}.mid").read_bytes()
    assert shipped == written(PHRASES[name]), "write them again: python -m tests.phrases"


@pytest.mark.parametrize("name", PHRASES)
def test_each_lasts_as_long_as_one_listens_and_is_not_played_by_a_machine(name):
    notes = notes_of(name)
    assert 8.0 <= notes[-1][0] + notes[-1][-1] <= 20.0
    velocities = [velocity for _, _, velocity, *_ in notes]
    assert len(set(velocities)) > len(notes) / 4
    assert all(64 <= velocity <= 127 for velocity in velocities)
    assert mido.MidiFile(FOLDER / f"{name}.mid").length == pytest.approx(notes[-1][0] + notes[-1][-1])


def test_two_long_notes_first_muted_then_open():
    muted, opened = notes_of("two-notes")
    assert muted[1] == opened[1] == 36
    assert (muted[3], opened[3]) == (0, 127)
    assert min(muted[-1], opened[-1]) >= 4.0
    assert muted[4] == opened[4] == 0


def test_four_minor_triads_the_last_two_an_octave_up():
    notes = notes_of("minor-triad")
    assert [note for _, note, *_ in notes] == [*[45, 48, 52] * 2, *[57, 60, 64] * 2]
    assert {(openness, power) for _, _, _, openness, power, _ in notes} == {(127, 0)}


def test_the_same_longer_open_and_muted_in_turn_with_power_chords_at_its_end():
    notes, short = notes_of("minor-triad-long"), notes_of("minor-triad")
    assert [note for _, note, *_ in notes][: len(short)] == [note for _, note, *_ in short]
    assert notes[-1][0] > short[-1][0]
    openness, power = [note[3] for note in notes], [note[4] for note in notes]
    assert openness[:12] == ([127] * 3 + [0] * 3) * 2
    assert openness[12:18] == [127, 0] * 3
    first = power.index(127)
    assert first == 18
    assert set(power[first:]) == {127}
    assert {0, 127} == set(openness[first:])
