import pytest

from ddsp_pi.dsp.notes import name_and_cents, note_name


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (69, "A4"),
        (60, "C4"),
        (59, "B3"),
        (61, "C♯4"),
        (0, "C-1"),
        (127, "G9"),
        (-1, "B-2"),
        (-12, "C-2"),
        (12, "C0"),
    ],
)
def test_notes_have_their_usual_names(note, name):
    assert note_name(note) == name


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (69.0, "A4 +0 c"),
        (69.03, "A4 +3 c"),
        (68.97, "A4 -3 c"),
        (69.004, "A4 +0 c"),
        (69.006, "A4 +1 c"),
        (69.494, "A4 +49 c"),
        (69.5, "A♯4 -50 c"),
        (69.496, "A♯4 -50 c"),
        (0.2, "C-1 +20 c"),
        (-0.2, "C-1 -20 c"),
        (-0.6, "B-2 +40 c"),
        (-12.99, "B-3 +1 c"),
    ],
)
def test_between_two_notes_the_nearest_is_named(note, words):
    assert name_and_cents(note) == words
