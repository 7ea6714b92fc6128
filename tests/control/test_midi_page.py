"""docs/midi.md has the table of controllers; to write it again: python -m tests.control.test_midi_page"""

import re
from pathlib import Path

from ddsp_pi.config import load_config
from ddsp_pi.control.midi_map import STANDARD_NAMES, controller_table
from ddsp_pi.modes.tables import SHIPPED_PARAMS
from ddsp_pi.sections import MIDI_RESERVED

PAGE = Path(__file__).parents[2] / "docs" / "midi.md"
PARAMS = {param.name: param for params in SHIPPED_PARAMS.values() for param in params}
USUAL = load_config().midi.controllers
BEGIN, END = "test_midi_page -->\n", "<!-- end -->"


def table():
    return controller_table(USUAL, PARAMS.values())


def renewed(text):
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


def test_the_page_about_midi_has_the_table_of_controllers():
    text = PAGE.read_text()
    assert text == renewed(text), "write it again: python -m tests.control.test_midi_page"


def test_every_usual_controller_turns_a_parameter_that_there_is_and_has_a_name():
    assert USUAL.keys() <= PARAMS.keys()
    assert set(USUAL.values()) <= STANDARD_NAMES.keys()
    assert len(set(USUAL.values())) == len(USUAL)
    assert len(table().splitlines()) == 2 + len(USUAL)


def test_the_page_names_the_controllers_that_cannot_be_learned():
    words = re.search(r"mean something else: ([^.]*)\.", PAGE.read_text())[1]
    named = set()
    for low, high in re.findall(r"(\d+)(?: to (\d+))?", words):
        named |= set(range(int(low), int(high or low) + 1))
    assert named == MIDI_RESERVED


def test_the_settings_of_the_page_can_be_used(tmp_path):
    file = tmp_path / "midi.yaml"
    file.write_text(PAGE.read_text().split("```yaml\n")[1].split("```")[0])
    midi = load_config(file).midi
    assert midi.port == "nano"
    assert (midi.controllers["brightness"], midi.controllers["glide"], midi.controllers["noise"]) == (
        21,
        None,
        71,
    )


def test_the_page_says_how_far_the_wheel_bends():
    assert f"±{load_config().midi.bend_range:g} semitones as it comes" in PAGE.read_text()


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
