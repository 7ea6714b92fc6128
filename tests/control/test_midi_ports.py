import threading

import mido
import msgspec
import pytest

from ddsp_pi.config import load_config
from ddsp_pi.control import midi_system
from ddsp_pi.control.midi_ports import LOOK_EVERY_S, MOST_AT_ONCE, MOST_WAITING, REST_S, MidiPorts
from ddsp_pi.control.midi_system import RtMidi
from ddsp_pi.errors import AudioError, MissingExtraError

MIDI = load_config().midi
NO_RTMIDI = "no python-rtmidi here: pip install 'ddsp-pi[midi]'"


class FakeSystem:
    """Ports that a test plugs in and pulls."""

    def __init__(self, *names):
        self.there = list(names)
        self.gives = {}
        self.trouble = None
        self.broken = None
        self.closed = 0
        self.looked = threading.Semaphore(0)

    def names(self):
        self.looked.release()
        if self.trouble:
            raise self.trouble
        return list(self.there)

    def open(self, name, give):
        if name == self.broken:
            raise AudioError(f"{name} cannot be opened")
        self.gives[name] = give
        return lambda: self.gives.pop(name)

    def close(self):
        self.closed += 1


@pytest.fixture
def said():
    return []


@pytest.fixture
def ports(said):
    def make(system, port="all"):
        return MidiPorts(msgspec.structs.replace(MIDI, port=port), said.append, system)

    return make


def drained(ports):
    taken = []
    while ports._waiting:
        ports.drain(taken.append, lambda: taken.append("let go"))
    return taken


def key(note):
    return mido.Message("note_on", note=note)


@pytest.mark.parametrize(
    ("port", "heard"),
    [
        ("all", {"Keystation 49", "Midi Through"}),
        ("KEYSTATION", {"Keystation 49"}),
        ("Through", {"Midi Through"}),
        ("nanoKONTROL", set()),
    ],
)
def test_ports_are_heard_by_a_part_of_their_name(ports, port, heard):
    system = FakeSystem("Keystation 49", "Midi Through")
    ports(system, port).look()
    assert set(system.gives) == heard


def test_a_port_that_is_wanted_and_not_there_is_said_once_with_those_that_are(ports, said):
    system = FakeSystem("Midi Through")
    wanting = ports(system, "nano")
    for _ in range(3):
        wanting.look()
    (line,) = said
    assert "'nano'" in line
    assert "Midi Through" in line
    system.there.append("nanoKEY")
    wanting.look()
    assert said[1:] == ["MIDI: nanoKEY plays"]


def test_messages_come_out_in_order_and_some_at_a_time(ports):
    system = FakeSystem("a", "b")
    hearing = ports(system)
    hearing.look()
    for note in range(100):
        system.gives["ab"[note % 2]](key(note))
    taken = []
    hearing.drain(taken.append, pytest.fail)
    assert [message.note for message in taken] == list(range(MOST_AT_ONCE))
    assert [message.note for message in drained(hearing)] == list(range(MOST_AT_ONCE, 100))


def test_who_is_pulled_lets_go_after_what_it_said_and_comes_back(ports, said):
    system = FakeSystem("a")
    hearing = ports(system)
    hearing.look()
    system.gives["a"](key(60))
    system.there.clear()
    hearing.look()
    assert drained(hearing) == [key(60), "let go"]
    assert system.gives == {}
    system.there.append("a")
    hearing.look()
    hearing.look()
    assert said == ["MIDI: a plays", "MIDI: a is gone, and what it held has ended", "MIDI: a plays"]


def test_a_flood_takes_no_memory_and_holds_nothing_down(ports):
    system = FakeSystem("a")
    hearing = ports(system)
    hearing.look()
    for note in range(3 * MOST_WAITING):
        system.gives["a"](key(note % 128))
        assert len(hearing._waiting) <= MOST_WAITING
    assert drained(hearing) == ["let go"]
    system.gives["a"](key(60))
    assert drained(hearing) == [key(60)]


def test_a_system_that_does_not_answer_is_said_once_and_asked_ever_less(ports, said):
    system = FakeSystem("a")
    hearing = ports(system)
    hearing.look()
    system.trouble = AudioError("gone fishing")
    rests = []
    for _ in range(10):
        assert hearing.look()
        rests.append(hearing._rest_s)
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (2.0 * LOOK_EVERY_S, REST_S)
    assert said[1:] == ["MIDI: a is gone, and what it held has ended", "MIDI: gone fishing"]
    system.trouble = None
    hearing.look()
    assert hearing._rest_s == LOOK_EVERY_S
    assert said[3:] == ["MIDI: a plays"]


def test_a_port_that_cannot_be_opened_leaves_the_others_alone_and_is_tried_again_when_plugged_in(ports, said):
    system = FakeSystem("a", "b", "c")
    system.broken = "b"
    hearing = ports(system)
    hearing.look()
    hearing.look()
    assert set(system.gives) == {"a", "c"}
    assert said == ["MIDI: a plays", "MIDI: b cannot be opened", "MIDI: c plays"]
    system.there.remove("b")
    hearing.look()
    system.broken = None
    system.there.append("b")
    hearing.look()
    assert set(system.gives) == {"a", "b", "c"}


def test_without_the_libraries_nobody_looks_again(ports, said):
    system = FakeSystem("a")
    system.trouble = MissingExtraError("rtmidi is not installed")
    hearing = ports(system)
    assert not hearing.look()
    assert said == ["MIDI: rtmidi is not installed"]


def test_the_thread_looks_until_it_is_closed(ports, said):
    system = FakeSystem("a")
    hearing = ports(system)
    hearing.start()
    assert system.looked.acquire(timeout=10)
    hearing.close()
    assert not hearing._thread.is_alive()
    assert system.gives == {}
    assert said == ["MIDI: a plays"]


def test_no_port_is_looked_for_if_none_is_wanted(ports):
    system = FakeSystem("a")
    hearing = ports(system, None)
    hearing.start()
    hearing.close()
    assert not system.looked.acquire(blocking=False)


@pytest.mark.parametrize("library", ["mido", "rtmidi"])
def test_a_library_that_is_missing_is_named_with_what_brings_it(monkeypatch, library):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"{library}.*ddsp-pi\[midi\]"):
        RtMidi("alsa").names()


def test_a_system_without_a_sequencer_is_told_what_makes_one(monkeypatch, tmp_path):
    pytest.importorskip("rtmidi", reason=NO_RTMIDI)
    monkeypatch.setattr(midi_system, "SEQUENCER", tmp_path / "seq")
    with pytest.raises(AudioError, match="modprobe snd-seq"):
        RtMidi("alsa").names()


def test_a_library_built_without_the_system_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(midi_system, "SEQUENCER", tmp_path)
    rtmidi = pytest.importorskip("rtmidi", reason=NO_RTMIDI)
    monkeypatch.setattr(rtmidi, "get_compiled_api", lambda: [rtmidi.API_RTMIDI_DUMMY])
    with pytest.raises(AudioError, match="built without alsa; 'sudo apt install libasound2-dev'"):
        RtMidi("alsa").names()
