"""A drum that was played is saved by message, and there again at the next start."""

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import MODE_PARAMS, build
from ddsp_pi.config import load_config
from ddsp_pi.control.gate_outs import GateOuts
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.state_file import State, state_path, write_state
from ddsp_pi.engine.parts import Part, Parts
from ddsp_pi.frame import HOP, ControlFrame, Edge, Note
from ddsp_pi.link.edits import PAYLOAD, Measure, decode, encode
from ddsp_pi.models.drum_library import own_folder
from ddsp_pi.modes.cv import CvMode
from ddsp_pi.modes.drums import DrumsMode
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.played_drums import DrumMemory, open_drums
from ddsp_pi.processes.resuming import began_with, recall, resume
from ddsp_pi.rack.board import NullBoard
from ddsp_pi.rack.played import Played
from tests.drums import pad
from tests.mappers import mapper_file
from tests.playing import Script, sing, static

MEASURES = {
    "loudness_db": [-48.25, -21.0, -6.3],
    "centroid": [84.1, 97.3, 110.9],
    "flatness_db": [-62.0, -40.2, -11.0],
    "peak_db": [-40.0, -3.0],
}
CONFIG = load_config(mode="drums")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    return tmp_path


class Control:
    def __init__(self, learned=MEASURES, name=""):
        self.sent, self.said, self.learned = [], [], learned
        self.hub = Hub(ParamSet(MODE_PARAMS["drums"]), self.sent.append)
        self.drums = DrumMemory(open_drums(), name, self.hub, lambda: self.learned, self.said.append)

    def beat(self):
        self.sent.clear()
        self.hub.beat()
        return list(self.sent)


def test_a_drum_is_saved_and_recalled_by_name(data):
    control = Control()
    control.drums.save("my-snare")
    assert (data / "played" / "my-snare.yaml").is_file()
    assert control.beat() == [Measure(MEASURES)]
    assert (control.drums.name, control.drums.names()) == ("my-snare", ["my-snare"])
    again = Control(learned={})
    again.drums.load("my-snare")
    assert (again.beat(), again.beat()) == ([Measure(MEASURES)], [])
    assert "drum my-snare is played" in again.said
    again.sent.clear()
    again.hub.renew()
    assert again.sent == [Measure(MEASURES)], "for an engine that has to begin again"


def test_whatever_goes_wrong_is_said_and_nothing_changes(data):
    control = Control(learned={})
    control.drums.save("silence")
    control.learned = MEASURES
    control.drums.save("../evil")
    control.drums.load("gong")
    (data / "played").write_text("in the way")
    control.drums.save("blocked")
    assert (control.beat(), control.drums.name) == ([], "")
    wanted = ("no hit was heard", "no name for a drum", "no drum called 'gong'", "blocked is not saved")
    for words, said in zip(wanted, control.said, strict=True):
        assert words in said


def test_an_edit_with_all_measures_fits_the_link():
    wide = {name: [-123.456789012345] * len(row) for name, row in MEASURES.items()}
    assert len(encode(Measure(wide))) < PAYLOAD
    assert decode(encode(Measure(wide))) == Measure(wide)


def test_the_next_start_knows_the_drum(data):
    open_drums().save("my-snare", MEASURES)
    write_state(state_path(data), State(began_with(CONFIG), CONFIG.model, drum="my-snare"))
    said = []
    found = recall(Launch(0, CONFIG, unattended=True), said.append)
    assert found.drum == "my-snare"
    assert "drum my-snare" in said[0]
    app = build(CONFIG, NullBoard())
    resume(app, found, said.append)
    assert app.engine.parts.mode.measures == MEASURES
    assert len(said) == 1


@pytest.mark.parametrize("text", [None, "format: 1\nwobble: [1, 2, 3]\n"])
def test_a_drum_that_is_gone_or_broken_is_learned_anew(data, text):
    open_drums().save("other", MEASURES)
    if text:
        (data / "played" / "my-snare.yaml").write_text(text)
    write_state(state_path(data), State(began_with(CONFIG), CONFIG.model, drum="my-snare"))
    said = []
    found = recall(Launch(0, CONFIG, unattended=True), said.append)
    assert found.drum == ""
    assert "It is learned anew" in said[0]


def test_an_engine_that_comes_into_the_mode_later_is_told_once_if_it_knows_nothing():
    open_drums().save("my-snare", MEASURES)
    for learned, sent in ({}, [Measure(MEASURES)]), (MEASURES, []):
        control = Control(learned, "my-snare")
        control.drums.look(None, lambda act: act())
        assert control.beat() == []
        for _ in range(2):
            control.drums.look(object(), lambda act: act())
        assert control.beat() == sent


def test_what_was_learned_stays_when_cables_or_mapper_change():
    mapper_file(own_folder() / "toy.onnx", "linear")
    app = build(CONFIG, Script(()))
    sing(app.engine, pad((0.1, 0.3, 0.5), 0.7, (0.0, -12.0)))
    before, mode = app.engine.parts.mode.measures, app.engine.parts.mode
    assert before
    routes = msgspec.structs.replace(CONFIG.cv, routes=CONFIG.cv.routes[:2])
    app.configure(msgspec.structs.replace(CONFIG, cv=routes))
    sing(app.engine, np.zeros(9600))
    assert app.engine.parts.mode is not mode
    assert app.engine.parts.mode.measures == before
    app.measure_by(MEASURES)
    app.configure(msgspec.structs.replace(app.config, model="toy"))
    sing(app.engine, np.zeros(9600))
    assert app.engine.parts.mode.measures == MEASURES


def test_other_modes_have_no_ear_for_drums():
    app = build(load_config(), NullBoard())
    app.measure_by(MEASURES)
    app.engine.render(np.zeros(HOP, np.float32))


@pytest.mark.parametrize("event", [Edge(1, True, 0), Note(38, 0.9, 0)])
def test_what_is_held_when_the_mode_changes_does_not_strike(event):
    out, silence = np.empty(HOP, np.float32), np.zeros(HOP, np.float32)

    def rendered(parts, *events):
        parts.begin_hop(())
        parts.render(ControlFrame(0, events), silence, out)
        return np.abs(out).max()

    drums = DrumsMode()
    parts = Parts(Part(CvMode(static()), lambda volts: None))
    rendered(parts, event)
    parts.change(Part(drums, lambda volts: None))
    for _ in range(40):
        rendered(parts)
    assert parts.mode is drums
    assert rendered(parts) == 0.0
    parts.reset()
    assert rendered(parts) == 0.0
    assert rendered(parts, event) > 0.01, "struck anew it sounds"


def test_a_gate_that_is_open_when_control_begins_is_told_as_standing():
    early, late = Edge(1, True, 5), Edge(2, True, 60)
    for joins in (True, False):
        board = Played(Script((early, late)), 0.0, joins)
        said = [*board.events(50), *board.events(100)]
        assert said == [msgspec.structs.replace(early, standing=joins), late]
    sent = []
    hub = Hub(ParamSet(MODE_PARAMS["drums"]), sent.append)
    hub.beat([msgspec.structs.replace(early, standing=True)])
    assert (hub.begun, hub.sounding) == (0, True), "no trigger goes out for it"
    hub.beat([late])
    assert hub.begun == 1


def test_outputs_of_the_kind_note_are_high_while_the_drum_rings():
    app, high = build(CONFIG, Script(())), {}
    outs = GateOuts(("note",), high.__setitem__)
    heard = np.concatenate([pad((0.1,), 0.2), np.zeros(48_000)]).astype(np.float32)
    levels, out = [], np.empty(HOP, np.float32)
    for at in range(0, len(heard) - HOP, HOP):
        app.engine.render(out, heard[at : at + HOP])
        mode = app.engine.parts.mode
        outs.beat(mode.meter.hit is not None and mode.outside.sounding, 0, at / 48_000)
        levels.append(high[1])
    assert not levels[: round(0.1 * 375)][-1]
    assert levels[round(0.12 * 375)]
    assert not levels[-1]
