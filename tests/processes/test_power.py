"""The button that switches the computer off."""

import configparser

import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.power import NAME, ask_to_power_off
from ddsp_pi.shipped import units_folder


@pytest.fixture
def launch(tmp_path):
    return Launch(0, load_config(), last_words=str(tmp_path / "last-words"), unattended=True)


def test_a_service_leaves_the_file_that_the_unit_waits_for(launch, tmp_path):
    said = []
    ask_to_power_off(launch, said.append)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert "switched off" in said[0]
    unit = configparser.ConfigParser()
    unit.read(units_folder() / "ddsp-pi-power-off.path")
    assert unit["Path"]["PathExists"] == f"/run/ddsp_pi/{NAME}"


def test_whoever_plays_at_a_desk_keeps_the_computer(launch, tmp_path):
    said = []
    ask_to_power_off(msgspec.structs.replace(launch, unattended=False), said.append)
    assert list(tmp_path.iterdir()) == []
    assert "only a module that runs as a service" in said[0]


def test_where_it_cannot_be_asked_for_it_says_what_helps(launch, tmp_path):
    said = []
    gone = str(tmp_path / "gone/last-words")
    ask_to_power_off(msgspec.structs.replace(launch, last_words=gone), said.append)
    assert "sudo poweroff" in said[0]
