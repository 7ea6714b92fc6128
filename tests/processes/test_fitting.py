"""Whatever steps through instruments passes over those that the mode does not play."""

import pytest

from ddsp_pi.config import read_config
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import ConfigError
from ddsp_pi.models.library import finder
from ddsp_pi.modes.tables import check_file, fitting
from ddsp_pi.processes.actions import neighbour
from ddsp_pi.processes.keyboards import _program
from ddsp_pi.processes.usable import check
from tests.plucked import guitar_file, plucked_files


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    plucked_files(monkeypatch)
    folder = tmp_path / "data" / "models"
    for name in ("pluck", "strum"):
        guitar_file(folder / f"{name}.onnx", name=name)
    return folder


class Watch:
    name = "pluck"

    def __init__(self):
        self.selected = []

    def select(self, name):
        self.selected.append(name)


def test_buttons_step_through_what_the_mode_plays():
    names = sorted(fitting("style"))
    assert [neighbour("style", name, 1) for name in names] == [*names[1:], names[0]]
    assert neighbour("style", "violin", 1) == names[0]
    assert {"pluck", "strum"} <= set(names)
    assert "pluck" not in {neighbour("cv", name, 1) for name in fitting("cv")}


def test_a_mode_without_any_instrument_stays_where_it_is(own, monkeypatch):
    monkeypatch.setattr("ddsp_pi.processes.actions.fitting", lambda mode: {})
    assert neighbour("style", "pluck", 1) == "pluck"


def test_programs_are_those_that_the_mode_plays():
    watch, names = Watch(), sorted(fitting("style"))
    for number in range(len(names) + 1):
        _program("style", watch)(number)
    assert watch.selected == names


def test_a_choice_that_does_not_fit_is_said_and_what_plays_stays():
    said, played = [], []
    find = finder(lambda: "pluck", lambda path: check_file("style", path))
    watch = InstrumentWatch("pluck", find)
    for name in ("violin", "strum"):
        watch.select(name)
        watch.poll(played.append, said.append)
    assert [path.stem for path in played] == ["strum"]
    assert "violin is played by pitch and loudness alone" in said[0]
    assert said[0].endswith("pluck plays on as it was")


def test_settings_whose_instrument_does_not_fit_are_refused(tmp_path):
    def checked(text):
        file = tmp_path / "my.yaml"
        file.write_text(text)
        check(read_config(file))

    checked("mode: style\nmodel: pluck\nparams: {openness: 0.3}\nmidi: {controllers: {openness: 20}}\n")
    with pytest.raises(ConfigError, match=r"violin .*not by notes.*it stands at \$\.model, line 2"):
        checked("mode: style\nmodel: violin\n")
    with pytest.raises(ConfigError, match=r"pluck is played only by notes.*\$\.model, line 1"):
        checked("model: pluck\n")
    with pytest.raises(ConfigError, match=r"does not morph.*\$\.morph_to, line 3"):
        checked("mode: style\nmodel: pluck\nmorph_to: strum\n")
