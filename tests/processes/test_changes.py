"""What other settings cost."""

from pathlib import Path

import msgspec
import pytest

from ddsp_pi.config import Config, load_config
from ddsp_pi.processes.changes import (
    ANEW,
    CARD,
    EFFECTS,
    FADE,
    MODE,
    PANEL,
    PATCH,
    TURNED,
    changes,
    difference,
    effect_table,
    effects,
    put,
)

DEFAULTS = load_config()
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def load(tmp_path):
    def load(text):
        file = tmp_path / "my.yaml"
        file.write_text(text)
        return load_config(file)

    return load


COSTS = {
    "": ([], set()),
    "params: {noise: 0.5}": (["params.noise"], {TURNED}),
    "model: cello": (["model"], {FADE}),
    "morph_to: cello": (["morph_to"], {FADE}),
    "voices: 2": (["voices"], {FADE}),
    "cv: {zero_volt_note: 48}": (["cv.zero_volt_note"], {FADE}),
    "cv: {routes: [{jack: cv1, to: note, law: v_oct}]}": (["cv.routes"], {FADE}),
    "cv: {routes: [{jack: cv3, to: note, law: v_oct}]}": (["cv.routes"], {FADE, PANEL}),
    "mode: dance": (["mode"], {MODE}),
    "audio: {period: 64, latency: 3}": (["audio.period", "audio.latency"], {CARD}),
    "audio: {backend: jack}": (["audio.backend"], {CARD}),
    "rack: {gate_delay_ms: 2}": (["rack.gate_delay_ms"], {PANEL}),
    "rack: {wakes: {cv2: 1}}": (["rack.wakes"], {PANEL}),
    "rack: {board: breadboard}": (["rack.board"], {ANEW}),
    "osc: {lan: true}": (["osc.lan"], {PANEL}),
    "midi: {channel: 3}": (["midi.channel"], {PANEL}),
    "pd: {patch: drone}": (["pd.patch"], {ANEW, PATCH}),
    "{voices: 2, audio: {period: 64}}": (["voices", "audio.period"], {FADE, CARD}),
}


@pytest.mark.parametrize(("text", "costs"), COSTS.items(), ids=COSTS)
def test_each_change_has_its_cost(load, text, costs):
    assert (changes(DEFAULTS, load(text)), effects(DEFAULTS, load(text))) == costs


def test_a_setting_that_is_left_out_again_is_a_change_too(load):
    assert changes(load("params: {noise: 0.5}"), DEFAULTS) == ["params.noise"]


def test_sound_that_goes_through_pd_needs_it_to_begin_anew(load):
    text = "pd: {{patch: drone, audio: jack}}\naudio: {{backend: {}}}\n"
    assert ANEW in effects(load(text.format("jack")), load(text.format("alsa")))


def test_a_service_leaves_pd_to_the_unit_of_its_own(load):
    assert effects(DEFAULTS, load("pd: {patch: drone}"), service=True) == {PATCH}
    text = "pd: {{patch: drone, audio: jack}}\naudio: {{backend: {}}}\n"
    assert effects(load(text.format("jack")), load(text.format("alsa")), service=True) == {CARD}


def test_every_section_has_its_row():
    sections = {field.name for field in msgspec.structs.fields(Config)}
    assert {name for name in EFFECTS if "." not in name} == sections


def test_the_docs_have_the_table():
    assert effect_table() in (DOCS / "settings.md").read_text()


def test_what_the_command_line_said_stays_over_another_file(load):
    plain = load("model: cello\nparams: {noise: 0.5}")
    audio = msgspec.structs.replace(plain.audio, backend="null")
    chosen = msgspec.structs.replace(plain, audio=audio, params={"noise": 0.5, "tune": 2.0})
    over = difference(msgspec.to_builtins(plain), msgspec.to_builtins(chosen))
    assert over == {"audio": {"backend": "null"}, "params": {"tune": 2.0}}
    edited = put(load("model: flute\nparams: {noise: 1.5}\naudio: {period: 64}"), over)
    assert (edited.model, edited.params) == ("flute", {"noise": 1.5, "tune": 2.0})
    assert (edited.audio.backend, edited.audio.period) == ("null", 64)
    assert put(plain, {}) is plain
