"""The live player as its own process, while its library is changed by another."""

import subprocess

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.rack.performance import load_performance
from ddsp_pi.shipped import demo
from tests.instruments import changed, one_weight_off, own_violin
from tests.programs import OURS, Program, free_port


class Player(Program):
    """`ddsp-pi run --sim` into nothing."""

    def __init__(self, folder):
        self.port, settings = free_port(), folder / "config.yaml"
        settings.write_text(f"audio: {{backend: 'null', period: 512}}\nosc: {{port: {self.port}}}\n")
        super().__init__(*OURS, "run", "--sim", "--config", settings)

    def send(self, address, *values):
        SimpleUDPClient("127.0.0.1", self.port).send_message(address, list(values))


@pytest.fixture
def player(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    player = Player(tmp_path)
    yield player
    player.close()


def models(*arguments):
    subprocess.run([*OURS, "models", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def test_the_running_player_picks_up_what_the_library_gets(player, tmp_path):
    own = tmp_path / "data" / "models"
    player.says("plays the demo")

    models("add", own_violin(tmp_path / "mine.onnx"))
    assert str(own) in player.says("violin has changed")
    assert str(own) in player.says("violin plays now")
    models("add", "--replace", own_violin(tmp_path / "newer.onnx", author="Somebody else"))
    assert str(own) in player.says("violin plays now")

    changed(own / "violin.onnx", one_weight_off)
    assert "violin plays on" in player.says("fails its parity check")

    models("add", own_violin(tmp_path / "nyckelharpa.onnx", "nyckelharpa"))
    player.send("/ddsp/instrument", "nyckelharpa")
    assert "nyckelharpa.onnx" in player.says("nyckelharpa plays now")
    player.send("/ddsp/instrument", "kazoo")
    assert "nyckelharpa plays on" in player.says("no instrument called 'kazoo'")
    models("remove", "nyckelharpa")
    player.says("nyckelharpa was removed; it plays on")

    player.process.terminate()
    assert "xruns" in player.says("blocks")
    assert player.process.wait(timeout=10.0) == 0


def test_what_cannot_be_played_ends_it_with_the_reason(tmp_path):
    settings = tmp_path / "config.yaml"
    settings.write_text("audio: {backend: wav}\nosc: {port: 9417}\n")
    command = [*OURS, "run", "--sim", "--config", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "audio.device" in done.stderr
    assert "starting it again would not help" in done.stderr


def test_a_simulated_board_plays_nothing_to_a_mode_that_listens():
    quiet = load_performance(demo("cross"))
    assert np.isnan(quiet.volts).all()
    assert not any(edge.high for edge in quiet.edges)
    assert load_performance(demo("cv")).edges
