import pytest

from ddsp_pi.errors import InstrumentError
from ddsp_pi.models.card import Controller, Style
from ddsp_pi.models.cards import controllers_of, read_card
from ddsp_pi.models.library import shipped_files
from tests.instruments import VIOLIN, changed, own_violin, with_card
from tests.plucked import GUITAR, OPENNESS, POWER_CHORD, guitar_file


def test_a_card_is_read_without_its_network(tmp_path):
    whole = VIOLIN.read_bytes()
    assert read_card(VIOLIN).name == "violin"
    assert read_card(guitar_file(tmp_path / "pluck.onnx")).style == GUITAR
    # Where the network is damaged nobody looks.
    spoilt = tmp_path / "spoilt.onnx"
    spoilt.write_bytes(whole[:2000] + bytes(100) + whole[2100:])
    assert read_card(spoilt) == read_card(VIOLIN)


def test_a_new_file_of_the_same_name_is_read_again(tmp_path):
    file = own_violin(tmp_path / "mine.onnx", name="mine")
    assert read_card(file).style is None
    guitar_file(file)
    assert read_card(file).name == "pluck"


def without_card(model):
    del model.metadata_props[:]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda path: path.write_text("hum"), "breaks off|damaged"),
        (lambda path: path.write_bytes(b""), "it has none"),
        (lambda path: changed(path, without_card), "it has none"),
        (lambda path: changed(path, with_card(n_harmonics="many")), "n_harmonics"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.unlink(), path.mkdir()), "directory"),
    ],
    ids=["no onnx", "empty", "no card", "bad card", "gone", "folder"],
)
def test_what_has_no_card_is_said(tmp_path, spoil, complaint):
    file = tmp_path / "kazoo.onnx"
    file.write_text("")
    spoil(file)
    with pytest.raises(InstrumentError, match=rf"kazoo\.onnx: its card cannot be read \(.*({complaint})"):
        read_card(file)


def test_of_controllers_of_one_name_the_first_counts(tmp_path):
    other = Style(
        (Controller("openness", "Another.", 0.3), Controller("bow", "Pressure of the bow.", 0.5, 20))
    )
    bad = tmp_path / "bad.onnx"
    bad.write_text("hum")
    files = [VIOLIN, guitar_file(tmp_path / "a.onnx"), bad, guitar_file(tmp_path / "b.onnx", other)]
    assert controllers_of(files) == (OPENNESS, POWER_CHORD, other.controllers[1])
    assert controllers_of([VIOLIN, bad]) == ()


def test_controllers_that_ship_are_no_two_things():
    """One parameter has one meaning: shipped instruments that share a name share all of it."""
    styles = [style for path in shipped_files() if (style := read_card(path).style)]
    for style in styles:
        assert set(style.controllers) <= set(controllers_of(shipped_files()))
