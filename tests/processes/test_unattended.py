"""Which settings are tried, and in which order, when some cannot be used."""

import pytest

from ddsp_pi.config import load_config
from ddsp_pi.models.library import SHIPPED, open_instrument
from ddsp_pi.places import last_good_file
from ddsp_pi.processes.child import BEGIN_ANEW, UNUSABLE_INPUT
from ddsp_pi.processes.crashes import LOOP, Crashes
from ddsp_pi.processes.unattended import Played, bare_settings, keep_playing, safe_settings

GOOD = "model: cello\naudio: {backend: alsa, device: codec}\nrack: {board: breadboard}\n"
OLDER = "model: flute\naudio: {backend: alsa, device: codec}\nrack: {board: breadboard}\n"
ENDED = Played(0, "")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path


class Module:
    """Plays what it is given, and ends as was written down before."""

    def __init__(self, *ends):
        self._ends = list(ends)
        self.played = []
        self.said = []

    def play(self, config, trouble, safe):
        self.played.append((config, trouble, safe))
        return self._ends.pop(0)

    def begin(self, file, safe_because=""):
        return keep_playing(self.play, file, safe_because, self.said.append)


def written(folder, text, name="config.yaml"):
    file = folder / name
    file.write_text(text)
    return file


def test_settings_that_can_be_used_play_without_a_word(folder):
    module, file = Module(ENDED), written(folder, GOOD)
    assert module.begin(file) == 0
    assert module.played == [(load_config(file), "", False)]
    assert module.said == []


def test_a_file_with_a_mistake_gives_way_to_the_last_good_one(folder):
    last_good_file().write_text(OLDER)
    module = Module(ENDED)
    assert module.begin(written(folder, "audio: {period: 3}")) == 0
    ((config, trouble, safe),) = module.played
    assert config == load_config(last_good_file())
    assert "$.audio.period, line 1" in trouble
    assert not safe


def test_settings_that_only_fail_when_played_give_way_too_and_their_own_words_are_kept(folder):
    last_good_file().write_text(OLDER)
    module = Module(Played(UNUSABLE_INPUT, "no instrument called 'x'"), ENDED)
    assert module.begin(written(folder, GOOD)) == 0
    assert [config.model for config, _, _ in module.played] == ["cello", "flute"]
    assert module.played[1][1:] == ("no instrument called 'x'", False)
    assert module.said == ["falling back to the last good settings: no instrument called 'x'"]


def test_a_crash_loop_of_all_settings_ends_in_safe_mode_on_the_known_board(folder):
    last_good_file().write_text(OLDER)
    crash = Played(LOOP, "engine was ended by SIGSEGV")
    module = Module(crash, Played(LOOP, "later ones matter less"), ENDED)
    assert module.begin(written(folder, GOOD)) == 0
    config, trouble, safe = module.played[-1]
    assert safe
    assert trouble == "engine was ended by SIGSEGV"
    assert (config.audio.device, config.rack.board) == ("codec", "breadboard")
    assert config.model == str(SHIPPED / "violin.onnx")


def test_without_anything_left_it_says_so_and_fails(folder):
    crash = Played(LOOP, "engine was ended by SIGSEGV")
    module = Module(*[crash] * 4)
    last_good_file().write_text(OLDER)
    assert module.begin(written(folder, GOOD)) == 1
    assert module.played[-1][0] == bare_settings()
    assert "nothing can be played: engine was ended by SIGSEGV" in module.said


def test_the_same_settings_are_not_tried_twice(folder):
    last_good_file().write_text(GOOD)
    module = Module(Played(LOOP, "a crash"), ENDED)
    module.begin(written(folder, GOOD))
    assert [safe for _, _, safe in module.played] == [False, True]


def test_safe_mode_can_be_asked_for_and_new_settings_lead_out_of_it(folder):
    module, file = Module(Played(BEGIN_ANEW, ""), ENDED), written(folder, GOOD)
    assert module.begin(file, safe_because="a button was held at the start") == 0
    assert module.played[0][1:] == ("a button was held at the start", True)
    assert "safe mode: a button was held at the start" in module.said[0]
    assert module.played[1] == (load_config(file), "", False)


def test_safe_mode_uses_no_instrument_of_the_players_own(folder):
    (folder / "data/models").mkdir()
    (folder / "data/models/violin.onnx").write_bytes(b"damaged")
    for config in (safe_settings(None), safe_settings(load_config()), bare_settings()):
        assert open_instrument(config.model).card.name == "violin"


@pytest.mark.parametrize(
    ("times", "loop"), [((0, 1, 2, 3, 4), True), ((0, 20, 40, 59, 61), False), ((0, 1, 2, 3), False)]
)
def test_five_crashes_within_a_minute_are_a_loop(times, loop):
    crashes = Crashes()
    assert [crashes.another(at_s) for at_s in times][-1] is loop


def test_crashes_of_long_ago_do_not_count():
    crashes = Crashes()
    rare = [crashes.another(100.0 * n) for n in range(20)]
    soon = [crashes.another(2000.0 + n) for n in range(5)]
    assert not any(rare)
    assert soon == [False, False, False, False, True]
