import socket
import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.control.hub import MOST_PENDING, NoteHub
from ddsp_pi.control.osc import OscServer
from ddsp_pi.errors import AudioError
from ddsp_pi.frame import ControlFrame
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet


@pytest.fixture
def server():
    said, selected = [], []
    server = OscServer(NoteHub(), ParamSet(PARAMS), 0, lan=False, say=said.append, select=selected.append)
    server.said, server.selected = said, selected
    yield server
    server.close()


def send(server, address, *values):
    SimpleUDPClient("127.0.0.1", server.port).send_message(address, list(values))


def eventually(condition):
    deadline = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_notes_reach_the_next_frame(server):
    server._hub.on_first_note(lambda: server.said.append("first"))
    send(server, "/ddsp/note", 64.0, 0.5)
    send(server, "/ddsp/note", 64, 0)
    eventually(lambda: len(server._hub._pending) == 2)
    frame = server._hub.join(ControlFrame(123))
    assert [(note.note, note.velocity, note.at_ns) for note in frame.notes] == [
        (64.0, 0.5, 123),
        (64.0, 0.0, 123),
    ]
    assert server._hub.join(ControlFrame(124)).notes == ()
    assert server.said == ["first"]


def test_parameters_are_set_in_their_unit(server):
    send(server, "/ddsp/param/brightness", 2.5)
    eventually(lambda: server._params["brightness"] == 2.5)
    send(server, "/ddsp/param/brightness", 99.0)
    eventually(lambda: server._params["brightness"] == 6.0)


def test_an_instrument_is_selected_by_its_name(server):
    send(server, "/ddsp/instrument", "violin")
    eventually(lambda: server.selected == ["violin"])


BAD = [
    ("/ddsp/instrument", ()),
    ("/ddsp/instrument", (3,)),
    ("/ddsp/instrument", ("",)),
    ("/ddsp/instrument", ("../violin",)),
    ("/ddsp/instrument", ("/tmp/violin.onnx",)),
    ("/ddsp/note", (64.0,)),
    ("/ddsp/note", (200.0, 1.0)),
    ("/ddsp/note", ("C4", 1.0)),
    ("/ddsp/param/wobble", (1.0,)),
    ("/ddsp/param/noise", ("loud",)),
    ("/ddsp/param/noise", ()),
    ("/dsp/note", (64.0, 1.0)),
]


@pytest.mark.parametrize(("address", "values"), BAD)
def test_a_bad_message_is_said_and_dropped_and_the_next_one_is_heard(server, address, values):
    send(server, address, *values)
    eventually(lambda: server.rejected == 1)
    assert address in server.said[0]
    send(server, "/ddsp/param/noise", 0.5)
    eventually(lambda: server._params["noise"] == 0.5)


def test_rubbish_bytes_are_survived(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for rubbish in (b"", b"\x00", b"/ddsp/note\x00", b"#bundle\x00" + b"\xff" * 20, bytes(range(256))):
            sender.sendto(rubbish, ("127.0.0.1", server.port))
    send(server, "/ddsp/param/noise", 0.25)
    eventually(lambda: server._params["noise"] == 0.25)


def test_a_flood_is_bounded():
    hub = NoteHub()
    for note in range(10 * MOST_PENDING):
        hub.play(note % 128, 1.0)
    assert len(hub.join(ControlFrame(0)).notes) == MOST_PENDING


def test_a_taken_port_is_said(server):
    with pytest.raises(AudioError, match=r"osc\.port"):
        OscServer(NoteHub(), ParamSet(PARAMS), server.port, lan=False, say=print, select=print)
