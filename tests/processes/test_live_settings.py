"""What the control process does with another version of the settings, and with a bad one."""

import threading

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.led import Led
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.link.edits import Configure, Set
from ddsp_pi.models.library import find_instrument
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.child import BEGIN_ANEW
from ddsp_pi.processes.launch import Launch, Status, command, launched, newest
from ddsp_pi.processes.live_settings import LiveSettings
from ddsp_pi.rack.boards import SIM

BEGUN = "voices: 1\nparams: {tune: 1}\n"
PLAYING = Status(engine=7, playing=True, telemetry=b"", instrument="", values={})


class Sent(list):
    """Stands for the outbox."""

    send = list.append


class AtOnce:
    """Stands for the errands."""

    def later(self, act):
        act()


class Module:
    """The settings side of a control process, and what it has done."""

    def __init__(self, folder, reports, **told):
        self.file = folder / "config.yaml"
        self.file.write_text(BEGUN)
        config = load_config(self.file)
        config = msgspec.structs.replace(config, rack=msgspec.structs.replace(config.rack, board=SIM))
        settings = str(folder / "settings.json")
        self.launch = Launch(0, config, "demo.csv", config_file=str(self.file), settings=settings)
        self.launch = msgspec.structs.replace(self.launch, **told)
        self.said, self.sent, self.stop = [], Sent(), threading.Event()
        self.led, self.reports = Led(lambda lit: None), reports
        self.hub = Hub(ParamSet(PARAMS), self.sent.append)
        self.watch = InstrumentWatch("violin", find_instrument)
        self.live = LiveSettings(self.launch, self.stop, self.said.append)
        self.live.act_on(self.hub, self.watch, self.sent, self.led, reports, AtOnce())

    def wait(self, looks=4):
        for _ in range(looks):
            self.live.look(PLAYING)
            self.live.act()

    def edit(self, text, looks=4):
        self.file.write_text(text)
        self.wait(looks)

    @property
    def trouble(self):
        """As light and messages tell it, which must agree."""
        told = self.reports._settings_trouble
        assert ("configuration" in self.led._said) == bool(told)
        return told


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))


@pytest.fixture
def module(tmp_path, reports):
    module = Module(tmp_path, reports)
    module.wait()
    return module


def test_as_it_stands_at_the_start_nothing_happens(module):
    assert (module.said, module.sent, module.trouble) == ([], [], "")
    assert newest(module.launch) is module.launch


def test_an_edit_while_the_programs_started_is_not_missed(tmp_path, reports):
    module = Module(tmp_path, reports)
    module.edit("voices: 3\n")
    assert newest(module.launch).config.voices == 3


def test_what_is_the_engine_s_is_passed_on(module):
    module.edit("voices: 2\nparams: {tune: 1}\n")
    assert module.sent == [Configure()]
    assert module.said == [f"{module.file}: voices; it plays now"]
    assert newest(module.launch).config.voices == 2
    assert launched(command("engine", module.launch)[-1]).config.voices == 2
    assert not module.stop.is_set()


def test_only_parameters_whose_setting_changed_are_set(module):
    module.hub.set("tune", 5.0)
    module.hub.set("noise", 1.5)
    module.edit("params: {tune: 1, brightness: 2}\n")
    module.hub.beat()
    values = module.hub.values
    assert [values[name] for name in ("tune", "noise", "brightness")] == [5.0, 1.5, 2.0]
    assert Set("brightness", 2.0) in module.sent
    module.edit("params: {}\n")
    assert (module.hub.values["tune"], module.hub.values["brightness"]) == (0.0, 0.0)


def test_another_instrument_is_chosen_and_one_chosen_by_hand_stays(module):
    module.watch.select("flute")
    module.edit("voices: 2\n")
    assert module.watch.name == "flute"
    module.edit("voices: 2\nmodel: cello\n")
    assert module.watch.name == "cello"


BAD = {
    "typing": "voices: [\n",
    "range": "voices: 99\n",
    "instrument": "model: theremin\n",
    "parameter": "params: {noize: 1}\n",
    "port": "osc: {port: 70000}\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_bad_file_changes_nothing_and_is_said_until_it_is_mended(module, text):
    module.edit(text, looks=10)
    assert module.sent == []
    assert newest(module.launch) is module.launch
    (said,) = module.said
    assert f"{module.file}" in said
    assert "line " in said
    assert said.endswith("What played plays on until this is mended")
    assert said.startswith(module.trouble)
    assert module.trouble
    module.edit(BEGUN)
    assert module.trouble == ""
    assert module.said[1:] == [f"{module.file}: as it was; it plays now"]
    assert module.sent == []


def test_a_file_that_vanishes_is_said_and_plays_on(module):
    module.file.unlink()
    module.wait()
    assert "No such file" in module.trouble
    module.edit("voices: 2\n")
    assert module.trouble == ""
    assert Configure() in module.sent


def test_a_file_that_is_bad_from_the_start_is_told(tmp_path, reports):
    module = Module(tmp_path, reports)
    module.edit("voices: 99\n")
    assert "voices" in module.trouble


def test_what_is_the_control_process_s_has_it_begin_again_after_all_was_passed_on(module):
    module.edit("voices: 2\nrack: {gate_delay_ms: 2}\nparams: {tune: 3}\n", looks=2)
    assert module.sent == [Configure()]
    assert not module.stop.is_set()
    module.hub.beat()
    module.live.act()
    assert module.stop.is_set()
    assert Set("tune", 3.0) in module.sent
    assert module.live.exit_code == 0
    again = launched(command("control", module.launch)[-1])
    assert again.config.rack.gate_delay_ms == 2


@pytest.mark.parametrize("text", ["rack: {board: breadboard}\n", "pd: {patch: drone}\n"])
def test_what_nobody_can_do_alone_has_everything_begin_anew(module, text):
    module.edit(text)
    assert module.stop.is_set()
    assert module.live.exit_code == BEGIN_ANEW
    assert newest(module.launch) is module.launch, "the next run reads the file"


@pytest.mark.parametrize("told", [{"trouble": "line 3 of it"}, {"trouble": "a crash loop", "safe": True}])
def test_where_other_settings_play_a_good_file_is_begun_with_anew(tmp_path, reports, told):
    module = Module(tmp_path, reports, **told)
    module.wait()
    assert not module.stop.is_set(), "it was tried, as it stands"
    assert module.trouble == told["trouble"]
    module.edit("voices: 99\n")
    assert not module.stop.is_set()
    assert "voices" in module.trouble
    module.edit("voices: 2\n")
    assert module.live.exit_code == BEGIN_ANEW
    assert module.sent == []


def test_who_asks_has_it_tried_again_as_it_stands(tmp_path, reports):
    module = Module(tmp_path, reports, trouble="a crash loop", safe=True)
    module.wait()
    assert module.live.reload() == str(module.file)
    module.wait()
    assert module.live.exit_code == BEGIN_ANEW


def test_without_a_file_there_is_nothing_to_read(tmp_path, reports):
    module = Module(tmp_path, reports, config_file=None)
    module.edit("voices: 2\n")
    module.live.again()
    assert (module.sent, module.trouble) == ([], "")
    with pytest.raises(ValueError, match="no file"):
        module.live.reload()


def test_settings_that_cannot_be_kept_do_not_play(tmp_path, reports):
    module = Module(tmp_path, reports, settings="/proc/nowhere/settings.json")
    module.wait()
    module.edit("voices: 2\n")
    assert "/proc/nowhere/settings.json" in module.trouble
    assert module.sent == []


def test_newer_settings_that_cannot_be_read_do_not_keep_anything_from_starting(module, tmp_path):
    (tmp_path / "settings.json").write_text('{"voices": ')
    assert newest(module.launch).config == module.launch.config
