"""Real ports: a keyboard on a JACK server, with virtual ports on both ends."""

import time
from importlib import import_module

import mido
import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control.midi import MidiActs, MidiPlayer
from ddsp_pi.control.midi_ports import MidiPorts
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from tests.conftest import CI

NO_RTMIDI = "no python-rtmidi here: pip install 'ddsp-pi[midi]'"
rtmidi = import_module("rtmidi") if CI else pytest.importorskip("rtmidi", reason=NO_RTMIDI)

pytestmark = pytest.mark.real

SETTINGS = msgspec.structs.replace(load_config().midi, port="keys", system="jack")


@pytest.fixture
def running(server, monkeypatch):
    jack = server()
    for name in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
        monkeypatch.setenv(name, jack.environment[name])
    jack.start()
    return jack


class Keyboard:
    """Plugged in by being made."""

    def __init__(self, name="keys"):
        self._out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=name)
        self._out.open_virtual_port("out")

    def send(self, kind, **values):
        self._out.send_message(mido.Message(kind, **values).bytes())

    def pull(self):
        self._out.close_port()
        self._out.delete()


class Listener:
    """Ports and a player, as the control loop has them."""

    def __init__(self):
        self.played, self.said = [], []
        nothing = [lambda *_: 0.0] * 4
        acts = MidiActs(lambda *note: self.played.append(note), *nothing, self.said.append)
        self.player = MidiPlayer(acts, SETTINGS, ParamSet(PARAMS))
        self.ports = MidiPorts(SETTINGS, self.said.append)
        self.ports.start()

    def wait_for(self, played=None, said=None):
        deadline = time.monotonic() + 30.0
        while not (self.played == played if said is None else said in self.said):
            assert time.monotonic() < deadline, (self.played, self.said)
            self.ports.drain(self.player.take, self.player.let_go)
            time.sleep(0.001)


@pytest.fixture
def listener(running):
    listener = Listener()
    yield listener
    listener.ports.close()


def test_a_keyboard_is_played_pulled_with_a_key_down_and_plugged_in_again(listener):
    keyboard = Keyboard()
    listener.wait_for(said="MIDI: keys:out plays")
    keyboard.send("note_on", note=60, velocity=127)
    keyboard.send("clock")
    keyboard.send("note_on", note=64, velocity=127)
    keyboard.send("note_off", note=64)
    played = [(60.0, 1.0), (64.0, 1.0), (64.0, 0.0)]
    listener.wait_for(played=played)
    keyboard.pull()
    listener.wait_for(played=[*played, (60.0, 0.0)])
    assert listener.said[-1] == "MIDI: keys:out is gone, and what it held has ended"
    listener.said.clear()
    again = Keyboard()
    listener.wait_for(said="MIDI: keys:out plays")
    listener.played.clear()
    again.send("note_on", note=67, velocity=127)
    listener.wait_for(played=[(67.0, 1.0)])
    again.pull()


def test_a_port_of_another_name_is_not_heard(listener):
    other, keyboard = Keyboard("other"), Keyboard()
    listener.wait_for(said="MIDI: keys:out plays")
    other.send("note_on", note=50, velocity=127)
    keyboard.send("note_on", note=60, velocity=127)
    listener.wait_for(played=[(60.0, 1.0)])
    other.pull()
    keyboard.pull()


def test_a_server_that_dies_and_comes_back_is_played_again(running, listener):
    keyboard = Keyboard()
    listener.wait_for(said="MIDI: keys:out plays")
    keyboard.send("note_on", note=60, velocity=127)
    listener.wait_for(played=[(60.0, 1.0)])
    running.kill()
    listener.wait_for(played=[(60.0, 1.0), (60.0, 0.0)])
    keyboard.pull()
    listener.said.clear()
    listener.played.clear()
    running.start()
    keyboard = Keyboard()
    listener.wait_for(said="MIDI: keys:out plays")
    keyboard.send("note_on", note=62, velocity=127)
    listener.wait_for(played=[(62.0, 1.0)])
    keyboard.pull()
