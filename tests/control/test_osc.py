import socket
import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.control.hub import Hub
from ddsp_pi.control.osc import OscServer
from ddsp_pi.errors import AudioError
from ddsp_pi.link.edits import Set
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet


class Server(OscServer):
    """With a hub that remembers what it sends."""

    def __init__(self, port=0):
        self.sent, self.said, self.selected = [], [], []
        self.hub = Hub(ParamSet(PARAMS), self.sent.append)
        super().__init__(self.hub, port, False, self.said.append, self.selected.append)

    def beat(self):
        self.hub.beat()
        return self.sent


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def send(server, address, *values):
    SimpleUDPClient("127.0.0.1", server.port).send_message(address, list(values))


def eventually(condition):
    deadline = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_notes_are_sent_with_their_time(server):
    server.hub.on_first_note(lambda: server.said.append("first"))
    before = time.monotonic_ns()
    send(server, "/ddsp/note", 64.0, 0.5)
    send(server, "/ddsp/note", 64, 0)
    eventually(lambda: len(server.beat()) == 2)
    assert [(note.note, note.velocity) for note in server.sent] == [(64.0, 0.5), (64.0, 0.0)]
    assert before <= server.sent[0].at_ns <= server.sent[1].at_ns <= time.monotonic_ns()
    assert server.said == ["first"]


def test_parameters_are_set_in_their_unit(server):
    send(server, "/ddsp/param/brightness", 2.5)
    eventually(lambda: server.beat() == [Set("brightness", 2.5)])
    send(server, "/ddsp/param/brightness", 99.0)
    eventually(lambda: server.beat()[1:] == [Set("brightness", 6.0)])


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
    eventually(lambda: server.beat() == [Set("noise", 0.5)])


def test_rubbish_bytes_are_survived(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for rubbish in (b"", b"\x00", b"/ddsp/note\x00", b"#bundle\x00" + b"\xff" * 20, bytes(range(256))):
            sender.sendto(rubbish, ("127.0.0.1", server.port))
    send(server, "/ddsp/param/noise", 0.25)
    eventually(lambda: server.beat() == [Set("noise", 0.25)])


def test_a_taken_port_is_said(server):
    with pytest.raises(AudioError, match=r"osc\.port"):
        Server(server.port)
