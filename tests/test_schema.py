"""The JSON schema of the settings: it is that of the code, and agrees with what the check says."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml

from ddsp_pi.cli import main
from ddsp_pi.config import load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.modes.tables import SHIPPED_PARAMS
from ddsp_pi.schema import schema, written_schema
from ddsp_pi.shipped import configs_folder
from tests.conftest import CI
from tests.test_config import REFUSED

WHY = "no jsonschema here: pip install 'ddsp-pi[dev]'"
jsonschema = import_module("jsonschema") if CI else pytest.importorskip("jsonschema", reason=WHY)

EVERY = [param for params in SHIPPED_PARAMS.values() for param in params]

BETWEEN_VALUES = {"falling volts", "range of notes", "log of nothing", "two cables", "nan", "infinite"}
"""Mistakes that a schema cannot tell."""

NO_YAML = {
    "twice",
    "open bracket",
    "tab",
    "second document",
    "code",
    "huge parameter",
    "parameter without a name",
}
"""And those that are not in the values."""


@pytest.fixture(scope="module")
def validator():
    made = schema(EVERY)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def test_the_file_that_ships_is_that_of_the_code():
    shipped = Path(configs_folder() / "schema.json").read_text("utf-8")
    assert shipped == written_schema(EVERY), "write it again: ddsp-pi config schema > configs/schema.json"


def test_the_command_prints_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path))
    assert main(["config", "schema"]) == 0
    assert capsys.readouterr().out == written_schema(EVERY)


@pytest.mark.parametrize("file", sorted(configs_folder().glob("*.yaml")), ids=lambda file: file.stem)
def test_what_ships_is_valid(validator, file):
    assert not list(validator.iter_errors(yaml.safe_load(file.read_text("utf-8"))))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "audio:\n",
        "params:\n",
        "morph_to:\n",
        "audio: {device: 3}",
        "params: {noise: 0.5}",
        "cv: {routes: [{jack: gate2, to: noise}]}",
        "midi: {controllers: {noise: 3, glide: }}",
        "rack: {wakes: {cv2: 1}, gate_outs: []}",
    ],
)
def test_what_the_check_takes_is_valid(validator, tmp_path, text):
    file = tmp_path / "my.yaml"
    file.write_text(text)
    load_config(file)
    assert not list(validator.iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - BETWEEN_VALUES - NO_YAML))
def test_what_the_check_refuses_is_not_valid(validator, tmp_path, name):
    file = tmp_path / "my.yaml"
    file.write_text(REFUSED[name][0])
    with pytest.raises(ConfigError):
        load_config(file)
    assert list(validator.iter_errors(yaml.safe_load(REFUSED[name][0])))


def test_editors_are_told_of_parameters_their_units_and_defaults():
    known = schema(EVERY)["properties"]["params"]["properties"]
    assert known.keys() == {param.name for table in SHIPPED_PARAMS.values() for param in table}
    assert (known["tune"]["minimum"], known["tune"]["maximum"], known["tune"]["default"]) == (-24, 24, 0)
    assert "semitones" in known["tune"]["description"]


def test_a_parameter_that_nobody_has_is_not_valid(validator):
    assert list(validator.iter_errors({"params": {"noize": 1}}))


def test_every_setting_has_its_meaning_and_its_default():
    made = schema(EVERY)
    kinds = made["$defs"]
    for name, setting in made["properties"].items():
        section = (
            kinds[setting["$ref"].rpartition("/")[2]]["properties"] if "$ref" in setting else {name: setting}
        )
        for told in section.values():
            assert told["description"]
            assert "default" in told
