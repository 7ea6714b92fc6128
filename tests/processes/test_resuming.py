"""What engine and control begin with after they were switched off."""

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import MODE_PARAMS, build
from ddsp_pi.config import load_config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.memory import Recalled
from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.control.state_file import Began, State, read_state, state_path, write_state
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.models.library import finder
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.errands import Errands
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.played_drums import DrumMemory, open_drums
from ddsp_pi.processes.remembering import Remembered, remember
from ddsp_pi.processes.resuming import began_with, begin_with, recall, resume
from ddsp_pi.processes.sounds import Sounds, open_presets
from ddsp_pi.rack.board import NullBoard
from tests.instruments import changed, one_weight_off, own_violin

CONFIG = load_config()
LAUNCH = Launch(0, CONFIG, unattended=True)
PLAYED = State(began_with(CONFIG), "cello", "cello-solo", {"brightness": 2.5, "noise": 1.5}, {"glide": 33})


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    write_state(state_path(tmp_path), PLAYED)
    return tmp_path


class Control:
    """The parts of control that remember."""

    def __init__(self, launch=LAUNCH):
        self.said = []
        found = recall(launch, self.said.append)
        hub = Hub(begin_with(ParamSet(MODE_PARAMS["cv"]), found), lambda edit: None)
        watch = InstrumentWatch(found.instrument or launch.config.model, finder(lambda: launch.config.model))
        controllers = MidiMap({}, ParamSet(MODE_PARAMS["cv"]))
        sounds = Sounds(open_presets(), "cv", hub, watch, controllers, self.said.append)
        drums = DrumMemory(open_drums(), found.drum, hub, dict, self.said.append)
        self.parts, errands = Remembered(hub, watch, sounds, controllers, drums), Errands()
        self.config = launch.config
        self.memory = remember(launch, found, self.parts, lambda: self.config, errands, self.said.append)
        errands.close()


def test_control_knows_what_played():
    control = Control()
    parts = control.parts
    assert (parts.watch.name, parts.sounds.name) == ("cello", "cello-solo")
    assert parts.hub.values["brightness"] == 2.5
    assert parts.controllers.learned == {"glide": 33}
    assert control.said == ["as when it was switched off: cello, preset cello-solo, 2 parameters"]


def test_what_is_turned_then_is_there_the_next_time(data):
    control = Control()
    before = state_path(data).read_bytes()
    control.memory.save()
    assert state_path(data).read_bytes() == before
    control.parts.hub.set("brightness", -1.25)
    control.parts.controllers.use({})
    control.parts.sounds.load("flute-solo")
    control.memory.save()
    again = Control()
    assert again.parts.watch.name == "flute"
    assert again.parts.sounds.name == "flute-solo"
    assert again.parts.hub.values == control.parts.hub.values


def test_the_engine_begins_there_with_its_first_block():
    app = build(CONFIG, NullBoard())
    resume(app, recall(LAUNCH), print)
    app.engine.render(np.empty(128, np.float32))
    assert app.instrument.card.name == "cello"
    assert app.params["brightness"] == 2.5
    assert app.config is CONFIG


@pytest.mark.parametrize(
    "changes",
    [{"safe": True}, {"unattended": False}, {"config": msgspec.structs.replace(CONFIG, resume=False)}],
)
def test_where_nothing_is_remembered_nothing_is_read_or_written(changes, data):
    launch = msgspec.structs.replace(LAUNCH, **changes)
    state_path(data).write_text("damaged")
    control = Control(launch)
    assert recall(launch) == Recalled()
    assert (control.memory, control.said) == (None, [])
    assert [path.name for path in data.iterdir()] == ["state.yaml"]


def test_a_damaged_file_is_said_once_and_kept_aside(data):
    state_path(data).write_text("format: 1\nbegan: ]")
    assert recall(LAUNCH) == Recalled()
    control = Control()
    assert len(control.said) == 1
    for word in ("state.yaml.damaged", "line 2", "as the settings say"):
        assert word in control.said[0]
    assert control.parts.watch.name == "violin"
    assert Control().said == []


def test_an_instrument_that_cannot_play_any_more_gives_way(data):
    changed(data / "models" / "cello.onnx", one_weight_off)
    control = Control()
    assert control.parts.watch.name == "violin"
    assert "parity" in control.said[0]
    assert "violin plays" in control.said[0]
    app = build(CONFIG, NullBoard())
    resume(app, recall(LAUNCH), print)
    assert (app.instrument.card.name, app.params["brightness"]) == ("violin", 2.5)


def test_one_that_is_removed_and_one_that_cannot_morph_give_way(data):
    write_state(state_path(data), msgspec.structs.replace(PLAYED, instrument="mine"))
    assert recall(LAUNCH).instrument == ""
    own_violin(data / "models" / "mine.onnx", "mine")
    assert recall(LAUNCH).instrument == "mine"
    config = msgspec.structs.replace(CONFIG, morph_to="kazoo")
    launch = msgspec.structs.replace(LAUNCH, config=config)
    assert recall(launch).instrument == ""


def test_an_instrument_that_goes_meanwhile_is_said():
    app, said = build(CONFIG, NullBoard()), []
    resume(app, Recalled("kazoo", params={"brightness": 1.0}), said.append)
    assert (app.instrument.card.name, app.params["brightness"]) == ("violin", 1.0)
    assert "kazoo" in said[0]


def test_a_preset_that_is_gone_is_no_trouble(data):
    write_state(state_path(data), msgspec.structs.replace(PLAYED, preset="../../etc/passwd"))
    control = Control()
    assert control.parts.sounds.name == ""
    assert "What it sounded like plays on" in control.said[-1]


def test_the_owner_s_own_file_comes_back_by_the_settings(tmp_path):
    file = str(own_violin(tmp_path / "elsewhere" / "mine.onnx", "mine"))
    config = msgspec.structs.replace(CONFIG, model=file)
    launch = msgspec.structs.replace(LAUNCH, config=config)
    write_state(state_path(tmp_path), State(Began("cv", file, {}), file, params={"noise": 0.25}))
    found = recall(launch)
    assert (found.instrument, found.params) == ("", {"noise": 0.25})
    assert Control(launch).parts.watch.name == file


def test_without_a_state_nothing_is_said(data):
    state_path(data).unlink()
    control = Control()
    control.memory.save()
    assert control.said == []
    assert read_state(state_path(data)) is None


def test_settings_that_have_changed_while_it_plays_are_what_it_began_with(data):
    control = Control()
    control.config = msgspec.structs.replace(CONFIG, params={"brightness": 1.0})
    control.parts.hub.set("brightness", 1.5)
    control.memory.save()
    again = recall(msgspec.structs.replace(LAUNCH, config=control.config))
    assert (again.instrument, again.params) == ("cello", {"brightness": 1.5, "noise": 1.5})
    assert "brightness" not in recall(LAUNCH).params
