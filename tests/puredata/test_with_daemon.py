"""The patches, a real Pd and the module itself."""

import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.app import MODE_PARAMS
from puredata import names
from tests.programs import OURS, Program, free_port

pytestmark = pytest.mark.real

VOLTS = 1.25

VALUES = {
    "note": [(69, 0.5), (69, 0)],
    "cv": [(1,), ("release",), ()],
    "gate": [(1,)],
    "gateout": [(1,)],
    "instrument": [("cello",)],
    "preset": [("cello-drone",)],
    "panic": [()],
    "connect": [],
}
"""What to send to each name, but for the parameters."""


class Player(Program):
    """`ddsp-pi run --sim` into nothing, with two jacks at rest."""

    def __init__(self, folder):
        self.port = free_port()
        settings, performance = folder / "config.yaml", folder / "still.csv"
        osc = f"{{port: {self.port}, query_port: {free_port()}}}"
        settings.write_text(
            f"audio: {{backend: 'null', period: 512}}\nosc: {osc}\nrack: {{gate_outs: [osc, osc]}}\n"
        )
        performance.write_text(
            "time_s,cv1,cv3\n" + "".join(f"{second},{VOLTS},-2.5\n" for second in range(60))
        )
        super().__init__(*OURS, "run", "--sim", "--cv", performance, "--config", settings)
        self.says("plays")


@pytest.fixture
def player(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    player = Player(tmp_path)
    yield player
    player.close()


def test_volts_come_and_a_key_of_hello_sounds_in_their_place(player, play):
    pd = play("hello", "ddsp-cv1", "ddsp-cv3", "ddsp-playing", port=player.port)
    pd.says("ddsp-cv1", str(VOLTS))
    pd.says("ddsp-cv3", "-2.5")
    pd.says("ddsp-playing", "symbol violin")
    pd.send("hello-octave", -2)
    pd.send("hello-key", 9)
    pd.says("ddsp-cv1", "0")
    player.says("pitch outside violin's trained range")


def test_a_parameter_that_anyone_turns_comes_back(player, play):
    pd = play("ddsp", "ddsp-param-sustain", port=player.port)
    pd.says("ddsp-param-sustain", "0.7")
    pd.send("ddsp-sustain", 0.5)
    pd.says("ddsp-param-sustain", "0.5")
    SimpleUDPClient("127.0.0.1", player.port).send_message("/ddsp/param/sustain", 0.25)
    pd.says("ddsp-param-sustain", "0.25")


def test_a_jack_is_taken_over_and_given_back(player, play):
    pd = play("ddsp", "ddsp-cv3", port=player.port)
    pd.says("ddsp-cv3", "-2.5")
    pd.send("ddsp-cv3", 4)
    assert pd.says("ddsp-cv3", "(?!-2.5).*") == "4"
    pd.send("ddsp-panic")
    pd.says("ddsp-cv3", "4")
    pd.send("ddsp-cv3", "release")
    pd.says("ddsp-cv3", "-2.5")


def test_the_module_takes_everything_that_a_patch_can_send(player, play):
    pd = play("ddsp", "ddsp-error", "ddsp-gate1", "ddsp-playing", "ddsp-loaded", port=player.port)
    pd.says("ddsp-playing")
    for param in MODE_PARAMS["cv"]:
        pd.send(f"ddsp-{param.name}", param.low)
    for row in names.SENDS:
        for values in VALUES[row.name]:
            pd.send(row.all[0], *values)
    pd.says("ddsp-gate1", "1")
    pd.says("ddsp-loaded", "symbol cello-drone")
    pd.says("ddsp-playing", "symbol cello")
    assert not [line for line in pd.said.all if line.startswith("ddsp-error")]
    pd.send("ddsp-note", 300, 1)
    pd.says("ddsp-error", ".*ddsp/note.*")
