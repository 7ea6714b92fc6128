import numpy as np
import pytest

from ddsp_pi.drum_preset_file import DrumPresets, read_drum_preset
from ddsp_pi.dsp.drum_presets import DRUM_PRESETS, by_name
from ddsp_pi.dsp.snare import NumpySnare
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.shipped import configs_folder
from tests.drums import hit_of

SHIPPED = configs_folder() / "drums"
FILES = sorted(SHIPPED.glob("*.yaml"))


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_drum_that_ships_can_be_played(path):
    preset = read_drum_preset(path)
    assert preset.name == path.stem
    assert preset.note
    made = hit_of(NumpySnare(), preset.values, SAMPLE_RATE // 4)
    assert 0.2 < np.abs(made).max() <= 1.0


def test_all_are_listed_the_five_first(tmp_path, write):
    write("format: 1", "b")
    write("format: 1", "a")
    names = DrumPresets(tmp_path, SHIPPED).names()
    assert names == [*DRUM_PRESETS, *sorted(["a", "b", *(path.stem for path in FILES)])]


def test_without_folders_there_are_the_five(tmp_path):
    presets = DrumPresets(tmp_path / "none", tmp_path / "nowhere")
    assert presets.names() == list(DRUM_PRESETS)
    assert [presets.load(name) for name in presets.names()] == list(DRUM_PRESETS.values())
    assert presets.load("open_snare") is DRUM_PRESETS["tom_1"]


def test_one_s_own_hides_what_ships(tmp_path, write):
    for name in ("snare_1", "kick"):
        write("format: 1\nnote: mine", name)
        presets = DrumPresets(tmp_path, SHIPPED)
        assert presets.load(name).note == "mine"
        assert presets.names().count(name) == 1


def test_what_a_file_does_not_say_is_as_in_the_drum_that_it_is_like(write):
    path = write("format: 1\nlike: open_snare\nparams: {drive: 3}\ndamping: {osc1_freq: 1}")
    preset, like = read_drum_preset(path), DRUM_PRESETS["tom_1"]
    assert by_name(preset.values) == by_name(like.values) | {"drive": 3.0}
    assert by_name(preset.damping) == by_name(like.damping) | {"osc1_freq": 1.0}


@pytest.mark.parametrize("text", ["format: 1", "format: 1\nparams:\ndamping:"])
def test_a_file_that_says_nothing_is_the_first_snare(write, text):
    preset = read_drum_preset(write(text))
    assert (preset.values, preset.damping) == (
        DRUM_PRESETS["snare_1"].values,
        DRUM_PRESETS["snare_1"].damping,
    )


WRONG = {
    "params:\n  osc1_freq: 9000": r"9000 Hz is out of range; give osc1_freq 20 to 2000 Hz.*line 3 of",
    "params:\n  drive: -24.1": r"-24.1 dB is out of range; give drive -24 to 24 dB.*line 3 of",
    "params:\n  drive: .nan": r"nan dB is out of range.*line 3 of",
    "params:\n  drive: loud": r"expected number, got text.*line 3 of",
    "params:\n  osc1_frq: 90": r"no parameter called 'osc1_frq'; did you mean osc1_freq.*line 3 of",
    "params:\n  zzz: 90": r"no parameter called 'zzz'; there are: osc1_freq.*line 3 of",
    "damping:\n  drive: 2": r"a damping of 2 is out of range; give 0.*line 3 of",
    "like: snare_9": r"no drum called 'snare_9'; there are: snare_1.*line 2 of",
    "parms: {}": r"unknown key.*line 2 of",
    "format: 1": r"stands here a second time, line 2 of",
    "#" * 70_000: r"has 70010 bytes",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_line_that_cannot_be_used_is_refused(write, text):
    with pytest.raises(ConfigError, match=WRONG[text]):
        read_drum_preset(write(f"format: 1\n{text}"))


NO_PRESETS = {
    "format: 2": r"format 2, but this ddsp-pi knows format 1.*line 1 of",
    "params: {}": r"missing key 'format'",
    "- 1": r"holds no map; a drum preset has the line",
    "a: [": r"line 1 of",
}


@pytest.mark.parametrize("text", NO_PRESETS)
def test_what_is_no_preset_is_refused(write, text):
    with pytest.raises(ConfigError, match=NO_PRESETS[text]):
        read_drum_preset(write(text))


@pytest.mark.parametrize("name", ["nothing", "", "../kick", "kick.yaml", "/etc/passwd"])
def test_what_is_not_there_cannot_be_loaded(tmp_path, name):
    with pytest.raises(ConfigError, match=r"no drum called .*there are: snare_1.*kick"):
        DrumPresets(tmp_path, SHIPPED).load(name)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read .*none.yaml"):
        read_drum_preset(tmp_path / "none.yaml")
