"""Settings that are right as text and cannot be played."""

import socket

import msgspec
import pytest

from ddsp_pi.config import load_config, read_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.processes.usable import check
from ddsp_pi.shipped import configs_folder
from tests.instruments import changed, one_weight_off


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))

    def read(text):
        file = tmp_path / "my.yaml"
        file.write_text(text)
        return read_config(file)

    return read


@pytest.mark.parametrize("file", [None, *sorted(configs_folder().glob("*.yaml"))], ids=str)
def test_all_that_ships_can_be_used(file):
    check(read_config(file))


@pytest.mark.parametrize(
    ("text", "complaint", "where"),
    [
        ("voices: 2\nmode: dance\n", "no mode called 'dance'; there are: cv", "$.mode, line 2"),
        ("params:\n  noise: 1\n  noize: 1\n", "no parameter called 'noize'", "$.params.noize, line 3"),
        (
            "cv:\n  routes:\n    - {jack: cv1, to: note}\n    - {jack: cv2, to: pitch}\n",
            "route of cv2: no parameter called 'pitch'",
            "$.cv.routes[1], line 4",
        ),
        (
            "cv: {routes: [{jack: cv1, to: loudness, law: log}]}\n",
            "loudness goes down to -80, which no log law reaches",
            "$.cv.routes[0], line 1",
        ),
        (
            "midi:\n  controllers:\n    noize: 3\n",
            "no parameter called 'noize'",
            "$.midi.controllers.noize, line 3",
        ),
        ("rack:\n  board: tedium\n", "no board called 'tedium'", "$.rack.board, line 2"),
        (
            "rack:\n  buttons: [{buttons: [1, 2], do: panic}, {buttons: [2, 1], do: save_preset}]\n",
            "button 1 and 2 has two rows",
            "$.rack.buttons, line 2",
        ),
        ("audio:\n  backend: wav\n", "the wav backend writes the file", "$.audio, line 1"),
        ("\nmodel: theremin\n", "no instrument called 'theremin'; there are:", "$.model, line 2"),
        ("model: cello\nmorph_to: theremin\n", "no instrument called 'theremin'", "$.morph_to, line 2"),
    ],
)
def test_what_is_not_there_is_said_with_its_place(read, tmp_path, text, complaint, where):
    with pytest.raises(ConfigError) as refusal:
        check(read(text))
    assert complaint in str(refusal.value)
    assert f"it stands at {where} of {tmp_path / 'my.yaml'}" in str(refusal.value)


def test_a_damaged_instrument_is_refused_and_one_that_plays_is_not_looked_at_again(read, tmp_path):
    bad = changed(tmp_path / "bad.onnx", one_weight_off)
    loaded = read(f"model: {bad}\n")
    with pytest.raises(ConfigError, match=r"parity.*\$\.model, line 1"):
        check(loaded)
    check(loaded, loaded.config)


def test_two_that_have_nothing_in_between_are_refused(read, monkeypatch):
    found = {"violin": 65, "cello": 33}

    class Named:
        def __init__(self, mode, name):
            self.card = type("Card", (), {"name": name, "n_bands": found[name], "style": None})

    monkeypatch.setattr("ddsp_pi.processes.usable.open_model", Named)
    check(read("morph_to: violin\n"))
    with pytest.raises(ConfigError, match=r"cannot morph: 65 and 33 .*\$\.morph_to, line 1"):
        check(read("morph_to: cello\n"))


def test_a_port_that_another_program_has_is_refused_but_not_our_own(read):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        loaded = read(f"osc: {{port: {port}}}\n")
        with pytest.raises(ConfigError, match=rf"OSC port {port}: .*in use.*\$\.osc\.port, line 1"):
            check(loaded, load_config())
        lan = msgspec.structs.replace(loaded.config.osc, lan=True)
        check(loaded, msgspec.structs.replace(loaded.config, osc=lan))
        check(loaded)
    check(loaded, load_config())
