"""Drums that were played, as files that a person reads, and that nobody can name outside their folder."""

import pytest

from ddsp_pi.control.acts import Acts, Asks, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.drum_file import PlayedDrums, drum_text, read_drum
from ddsp_pi.control.hub import Hub
from ddsp_pi.errors import ConfigError
from ddsp_pi.params import ParamSet

MEASURES = {
    "loudness_db": [-48.25, -21.0, -6.3],
    "centroid": [84.1, 97.3, 110.9],
    "flatness_db": [-62.0, -40.2, -11.0],
    "peak_db": [-40.0, -3.0],
}


@pytest.fixture
def drums(tmp_path):
    return PlayedDrums(tmp_path / "played")


def test_what_is_saved_is_loaded_and_can_be_read_by_people(drums):
    assert drums.names() == []
    path = drums.save("my-snare", MEASURES)
    assert (drums.names(), drums.load("my-snare")) == (["my-snare"], MEASURES)
    assert "\nname: my-snare\nloudness_db: [-48.25, -21.0, -6.3]\n" in path.read_text()
    drums.save("my-snare", {"loudness_db": [-1.0, -1.0, -1.0]})
    assert drums.load("my-snare") == {"loudness_db": [-1.0, -1.0, -1.0]}


@pytest.mark.parametrize("name", ["../evil", "", "My Snare", "a/b", ".hidden"])
def test_no_name_leaves_the_folder(drums, name, tmp_path):
    for act in (lambda: drums.load(name), lambda: drums.save(name, MEASURES)):
        with pytest.raises(ConfigError, match=r"no name for a drum.*such as my-snare"):
            act()
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_not_there_is_said_with_those_that_are(drums):
    with pytest.raises(ConfigError, match="no drum called 'gong' was saved; there are: none yet"):
        drums.load("gong")
    drums.save("tight", MEASURES)
    with pytest.raises(ConfigError, match="there are: tight"):
        drums.load("gong")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format: 2\n", "no drum of format 1"),
        ("[]", "no drum of format 1"),
        ("format: [", "mine.yaml"),
        ("format: 1\nwobble: [1, 2, 3]\n", "mine.yaml: .*no feature of a hit"),
        ("format: 1\nloudness_db: [1, 2]\n", "mine.yaml: .*lowest"),
        ("format: 1\nloudness_db: 3\n", "mine.yaml: .*lowest"),
        ("format: 1\nloudness_db: [1, .nan, 2]\n", "mine.yaml: .*in this order"),
        ("x" * 70_000, "70000 bytes, and a drum a few lines"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path, text, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_drum(file)


def test_numbers_are_as_a_person_writes_them():
    assert "[0.1, 0.2, 0.3]" in drum_text("a", {"loudness_db": [0.1 + 1e-12, 0.2, 0.30000000000000004]})


def test_messages_save_and_recall_drums_where_there_is_an_ear_for_them():
    hub, done = Hub(ParamSet(()), lambda edit: None), []
    acts = Acts(
        save_drum=lambda name: done.append(("save", name)), load_drum=lambda name: done.append(("load", name))
    )
    known = contract(hub, Panel(6), acts, Asks(drum=lambda: "tight", drums=lambda: ["tight"]))
    known.act("/ddsp/drum/save", ["my-snare"], ("127.0.0.1", 1))
    known.act("/ddsp/drum/load", ["tight"], ("127.0.0.1", 1))
    assert done == [("save", "my-snare"), ("load", "tight")]
    assert known["/ddsp/drum"].read() == ("tight",)
    with pytest.raises(ValueError, match="wants a name"):
        known.act("/ddsp/drum/save", ["../evil"], ("127.0.0.1", 1))
    assert not {"/ddsp/drum", "/ddsp/drum/save", "/ddsp/drum/load"} & contract(hub, Panel(6), Acts()).keys()
