import pytest

from ddsp_pi.app import MODE_PARAMS
from ddsp_pi.config import load_config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.link.edits import Set
from ddsp_pi.models.library import find_instrument
from ddsp_pi.params import ParamSet
from ddsp_pi.processes.errands import MOST_WAITING, Errands
from ddsp_pi.processes.sounds import Sounds, open_presets


class Playing:
    """Sounds on a hub that keeps what is set."""

    def __init__(self, mode="cv"):
        self.values, self.said = {}, []
        self.hub = Hub(ParamSet(MODE_PARAMS[mode]), self.take)
        self.watch = InstrumentWatch(load_config(mode=mode).model, find_instrument)
        self.controllers = MidiMap({}, ParamSet(MODE_PARAMS[mode]))
        self.sounds = Sounds(open_presets(), mode, self.hub, self.watch, self.controllers, self.said.append)

    def take(self, edit):
        if isinstance(edit, Set):
            self.values[edit.name] = edit.value

    def heard(self):
        self.hub._due_s = 0.0
        self.hub.beat()
        return dict(self.values)


@pytest.fixture
def playing(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    return Playing()


def test_a_preset_sets_every_parameter_and_its_instrument(playing):
    playing.hub.set("noise", 1.7)
    playing.heard()
    playing.sounds.load("cello-solo")
    assert playing.heard().keys() == {param.name for param in MODE_PARAMS["cv"]}
    assert playing.values["noise"] != 1.7
    assert (playing.sounds.name, playing.watch.name) == ("cello-solo", "cello")
    assert "plays" in playing.said[-1]


def test_one_that_is_not_there_changes_nothing(playing):
    playing.sounds.load("kazoo")
    assert playing.heard() == {}
    assert "kazoo" in playing.said[0]
    assert "plays on" in playing.said[0]


def test_what_was_saved_sounds_the_same_when_it_is_loaded(playing, tmp_path):
    playing.hub.set("brightness", 2.5)
    playing.hub.set("vibrato_depth", 12.0)
    playing.controllers.use({"glide": 33})
    playing.sounds.save("mine")
    assert (tmp_path / "presets" / "mine.yaml").exists()
    playing.sounds.load("cello-solo")
    playing.controllers.use({})
    playing.sounds.load("mine")
    values = playing.heard()
    assert playing.controllers.learned == {"glide": 33}
    assert (values["brightness"], values["vibrato_depth"], values["noise"]) == (2.5, 12.0, 1.0)


def test_saved_without_a_name_it_takes_the_place_of_what_was_loaded(playing, tmp_path):
    playing.sounds.save()
    assert (tmp_path / "presets" / "panel.yaml").exists()
    playing.sounds.load("violin-solo")
    playing.sounds.save()
    assert (tmp_path / "presets" / "violin-solo.yaml").exists()
    playing.sounds.save("../evil")
    assert "not saved" in playing.said[-1]


def test_stepping_stays_with_the_instrument_and_goes_round(playing):
    seen = []
    for _ in range(4):
        playing.sounds.step(1)
        seen.append(playing.sounds.name)
    assert len(set(seen[:3])) == 3
    assert seen[3] == seen[0]
    assert all(name.startswith("violin") for name in seen)
    playing.sounds.step(-1)
    assert playing.sounds.name == seen[2]


def test_a_morph_goes_from_the_loaded_preset_to_the_chosen_one(playing):
    with pytest.raises(ValueError, match="morph_to"):
        playing.sounds.morph(0.5)
    playing.sounds.morph_to("violin-solo")
    assert "load one first" in playing.said[0]
    names = ["violin-pizzicato", "violin-solo"]
    playing.sounds.load(names[0])
    begin = playing.heard()
    playing.sounds.morph_to(names[1])
    playing.sounds.morph(1.0)
    end = playing.heard()
    playing.sounds.load(names[1])
    assert end == playing.heard() != begin


def test_errands_are_done_in_order_and_a_flood_of_them_is_dropped():
    done = []
    errands = Errands()
    for number in range(MOST_WAITING // 2):
        errands.later(lambda number=number: done.append(number))
    errands.close()
    assert done == list(range(MOST_WAITING // 2))


@pytest.mark.parametrize("mode", MODE_PARAMS)
def test_the_next_preset_is_one_of_the_mode_that_plays(mode, tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    if not any(open_presets().read(path).preset.mode == mode for path in open_presets().shipped()):
        pytest.skip(f"no preset of mode {mode} ships yet")
    playing, heard = Playing(mode), set()
    for _ in range(5):
        playing.sounds.step(1)
        heard.add(playing.sounds.name)
    modes = {open_presets().load(name).preset.mode for name in heard}
    assert modes == {mode}
    assert all("plays" in said for said in playing.said)
