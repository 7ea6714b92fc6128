"""Whatever steps through instruments passes over those that the mode does not play."""

import threading

import msgspec
import pytest

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import load_config, read_config
from ddsp_pi.control import hub as hub_module
from ddsp_pi.control.memory import changed, recalled
from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.control.state_file import State
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.snare_params import NAMES
from ddsp_pi.errors import ConfigError
from ddsp_pi.link.edits import Outbox
from ddsp_pi.link.ring import Ring
from ddsp_pi.models.library import finder
from ddsp_pi.modes import chosen
from ddsp_pi.modes.tables import check_file, fitting
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.actions import chooser, neighbour
from ddsp_pi.processes.keyboards import _program
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.live_settings import LiveSettings
from ddsp_pi.processes.resuming import began_with
from ddsp_pi.processes.sounds import Sounds, open_presets
from ddsp_pi.processes.usable import check
from tests.mappers import mapper_file
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
        _program("style", watch.select)(number)
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


class Hub:
    def __init__(self):
        self.turned = {}

    def set(self, name, value):
        self.turned[name] = value


@pytest.fixture
def boom(own):
    return mapper_file(own / "drums" / "boom.onnx", name="boom", preset="tom_1")[0]


def test_buttons_and_programs_of_mode_drums_step_through_mappers_and_instruments(boom):
    watch, names = Watch(), sorted(fitting("drums"))
    assert {"plain", "boom", "violin", "style-guitar"} <= set(names)
    assert [neighbour("drums", name, 1) for name in names] == [*names[1:], names[0]]
    assert neighbour("drums", "gong", 1) == names[0]
    for number in range(len(names) + 1):
        _program("drums", watch.select)(number)
    assert watch.selected == names


def test_a_mapper_that_is_chosen_alone_brings_its_knobs_and_the_plain_one_leaves_them(boom):
    hub, watch = Hub(), Watch()
    choose = chooser("drums", hub, watch, lambda act: act())
    choose("plain")
    assert hub.turned == {}
    choose("boom")
    assert tuple(hub.turned[name] for name in NAMES) == pytest.approx(DRUM_PRESETS["tom_1"].values)
    assert hub.turned["osc1_freq_damping"] == pytest.approx(0.01)
    choose(str(boom))
    hub.turned.clear()
    choose("gong")
    assert hub.turned == {}
    assert watch.selected == ["plain", "boom", str(boom), "gong"]


def test_elsewhere_an_instrument_that_is_chosen_turns_nothing(boom):
    hub, watch, errands = Hub(), Watch(), []
    chooser("cv", hub, watch, errands.append)("violin")
    assert (watch.selected, hub.turned, errands) == (["violin"], {}, [])


def test_what_is_not_there_in_mode_drums_is_said_and_what_plays_stays(boom):
    said, played = [], []
    find = finder(
        lambda: "plain",
        lambda path: check_file("drums", path),
        lambda name: chosen.find("drums", name),
        lambda name: chosen.find_named("drums", name),
    )
    watch = InstrumentWatch("plain", find)
    for name in ("gong", "boom", "violin"):
        watch.select(name)
        watch.poll(played.append, said.append)
    assert [path.stem for path in played] == ["boom", "violin"]
    assert "no drum mapper called 'gong'; there are: " in said[0]
    assert said[0].endswith("plain plays on as it was")


def test_settings_whose_mapper_does_not_fit_are_refused(tmp_path, boom):
    def checked(text):
        file = tmp_path / "my.yaml"
        file.write_text(text)
        check(read_config(file))

    checked("mode: drums\n")
    checked("mode: drums\nmodel: boom\n")
    checked("mode: drums\nmodel: violin\n")
    checked(f"mode: drums\nmodel: {boom}\n")
    with pytest.raises(ConfigError, match=r"no drum mapper called 'gong'.*\$\.model, line 2"):
        checked("mode: drums\nmodel: gong\n")
    with pytest.raises(ConfigError, match=r"boom\.onnx: .*\$\.model, line 1"):
        checked(f"model: {boom}\n")
    with pytest.raises(ConfigError, match=r"mode drums does not morph.*\$\.morph_to, line 2"):
        checked("mode: drums\nmorph_to: boom\n")


@pytest.fixture
def module(tmp_path, boom):
    """What LiveSettings passes on of a file that changes."""
    old = load_config(mode="drums")

    def edited(**changes):
        new, sent = msgspec.structs.replace(old, **changes), []
        hub, watch = hub_module.Hub(ParamSet(MODE_PARAMS["drums"]), sent.append), Watch()
        settings = LiveSettings(Launch(0, old), threading.Event(), print)
        settings.act_on(hub, watch, Outbox(Ring(memoryview(bytearray(Ring.size(8))))), None, None, None)
        settings._pass_on(old, new, True)
        return hub.values, watch.selected

    return edited


def test_a_mapper_in_edited_settings_brings_its_knobs_too(module):
    values, selected = module(model="boom", params={"drive": 9.0})
    tom = dict(zip(NAMES, DRUM_PRESETS["tom_1"].values, strict=True)) | {"drive": 9.0}
    assert {name: values[name] for name in NAMES} == pytest.approx(tom)
    assert selected == ["boom"]


@pytest.mark.parametrize("model", ["plain", "boom"])
def test_what_was_turned_after_a_mapper_was_chosen_is_there_after_a_restart(model, boom):
    config = msgspec.structs.replace(load_config(mode="drums"), model=model)
    began, specs = began_with(config), MODE_PARAMS["drums"]
    start = {spec.name: began.params.get(spec.name, spec.default) for spec in specs}
    assert changed(start, began, specs) == {}
    kept = changed(start | {"drive": 9.0}, began, specs)
    assert kept == {"drive": 9.0}
    state = State(began, "boom", params=kept)
    found = recalled(state, began, specs, fitting("drums").keys())
    assert found.params == {"drive": 9.0}
    assert found.instrument == ("" if model == "boom" else "boom")
    other = began_with(msgspec.structs.replace(load_config(mode="drums"), model="noisier"))
    still = {} if model == "boom" else {"drive": 9.0}
    assert recalled(state, other, specs, fitting("drums").keys()).params == still, "of another drum"


def test_buttons_go_through_the_drums_whatever_turns_their_knobs(boom):
    hub = hub_module.Hub(ParamSet(MODE_PARAMS["drums"]), lambda edit: None)
    watch = InstrumentWatch("plain", lambda name: chosen.find_named("drums", name))
    sounds = Sounds(open_presets(), "drums", hub, watch, MidiMap({}, ParamSet(MODE_PARAMS["drums"])), print)
    drums, seen = [path.stem for path in open_presets().files()], []
    drums = [name for name in drums if open_presets().load(name).preset.mode == "drums"]
    for _ in drums:
        sounds.step(1)
        seen.append(sounds.name)
    assert sorted(seen) == sorted(drums)
    watch.select("boom")
    sounds.save("mine")
    preset = open_presets().load("mine").preset
    assert (preset.mode, preset.instrument) == ("drums", "boom")
    watch.select("plain")
    sounds.load("mine")
    assert watch.name == "boom"
