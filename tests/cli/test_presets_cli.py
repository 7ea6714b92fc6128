"""`ddsp-pi presets`, a preset over a configuration, and the page about presets."""

from pathlib import Path

import pytest

from ddsp_pi.app import MODE_PARAMS, build
from ddsp_pi.cli import main
from ddsp_pi.cli.presets import first_preset, open_presets, with_preset
from ddsp_pi.config import load_config
from ddsp_pi.control.preset_file import Preset
from ddsp_pi.errors import ConfigError
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder

PAGE = (Path(__file__).parents[2] / "docs" / "presets.md").read_text("utf-8")
HEAD = "format: 1\nmode: cv\ninstrument: violin\n"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """The player's own folder of presets, which does not exist yet."""
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "presets"


def put(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_list_names_those_that_ship_and_yours(own, capsys):
    put(own, "mine.yaml", HEAD + "note: Two\n")
    put(own, "violin-solo.yaml", HEAD + "note: Hides\n")
    assert main(["presets", "list"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["mine"] == ["yours", "cv", "violin", "Two"]
    assert rows["violin-solo"] == ["yours", "cv", "violin", "Hides"]
    assert rows["flute-air"][:3] == ["shipped", "cv", "flute"]
    assert len(rows) == len(open_presets().shipped()) + 1


def test_list_says_what_cannot_be_loaded(own, capsys):
    put(own, "broken.yaml", "words")
    put(own, "Bad Name.yaml", HEAD)
    assert main(["presets", "list"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "cannot be loaded" in line]
    assert len(lines) == 2
    assert any("no name for a preset: 'Bad Name'" in line for line in lines)


def test_show_says_every_parameter_and_what_was_left_out(own, capsys):
    put(own, "mine.yaml", HEAD + "params: {brightness: 9, brigt: 1}\nmidi: {tune: 7}\n")
    assert main(["presets", "show", "mine"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = dict(line.strip().split(maxsplit=1) for line in lines)
    assert rows["brightness"] == "6 dB/oct"
    assert rows["tune"] == "0 semitones, the default; MIDI controller 7"
    assert {spec.name for spec in MODE_PARAMS["cv"]} <= rows.keys()
    assert sum(line.startswith("remark") for line in lines) == 2


@pytest.mark.parametrize("name", ["violin-sola", "../violin-solo", "/etc/passwd"])
def test_show_refuses_what_is_not_there(name, capsys):
    assert main(["presets", "show", name]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_check_takes_files_that_are_right(tmp_path, capsys):
    files = [put(tmp_path, f"{name}.yaml", HEAD) for name in ("one", "two")]
    assert main(["presets", "check", *map(str, files)]) == 0
    assert capsys.readouterr().out == "".join(f"{file}: fine\n" for file in files)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "params: {tune: 99}\n", "params.tune, line 4: 99 semitones is held at 24"),
        ("words", "cannot be loaded: no preset"),
    ],
)
def test_check_goes_on_after_a_file_that_is_not(tmp_path, capsys, text, said):
    bad, good = put(tmp_path, "bad.yaml", text), put(tmp_path, "good.yaml", HEAD)
    assert main(["presets", "check", str(bad), str(good)]) == 2
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{bad}: {said}")
    assert second == f"{good}: fine"


def test_a_configuration_begins_with_a_preset():
    config = with_preset(load_config(), first_preset("cello-drone", pytest.fail))
    assert (config.mode, config.model) == ("cv", "cello")
    line = load_performance(configs_folder() / "performances" / "sequencer-line.csv")
    app = build(config, SimBoard(line))
    assert app.instrument.card.name == "cello"
    assert app.params.values["release"] == 6.0


def test_what_is_left_out_of_it_is_said(own):
    put(own, "mine.yaml", HEAD + "params: {brigt: 1, attack: 1}\n")
    said = []
    preset = first_preset("mine", said.append)
    assert preset.params["attack"] == 1.0
    assert said == [
        "preset mine: params.brigt, line 4: left out: no parameter called 'brigt'; did you mean brightness?"
    ]
    with pytest.raises(ConfigError, match="no preset called 'yours'"):
        first_preset("yours", said.append)


def test_a_preset_without_instrument_keeps_the_configured_one(tmp_path):
    file = put(tmp_path, "my.yaml", "model: flute\nparams: {noise: 2}\n")
    config = with_preset(load_config(file), Preset("mine", "cv", ""))
    assert config.model == "flute"
    assert config.params["noise"] == 1.0


def test_the_page_lists_those_that_ship(capsys):
    assert main(["presets", "list", "--markdown"]) == 0
    table = capsys.readouterr().out
    assert f"\n\n{table}\n" in PAGE
    assert PAGE.count("| `violin-") == table.count("| `violin-")


def test_the_file_on_the_page_can_be_used(tmp_path):
    text = PAGE.split("```yaml\n")[1].split("```")[0]
    loaded = open_presets().read(put(tmp_path, "violin-solo-dark.yaml", text))
    assert loaded.left_out == ()
    assert loaded.preset.params["attack"] == 0.4
