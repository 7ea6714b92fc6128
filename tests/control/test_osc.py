import math
import os
import re
import socket
import struct
import subprocess
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.control.acts import Acts, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.datagram import DEEPEST, MOST_MESSAGES, MOST_VALUES, read_datagram
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.messages import bundle, message
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.oscquery import QueryServer
from ddsp_pi.control.reports import ERROR_NS, STATUS_NS
from ddsp_pi.errors import AudioError
from ddsp_pi.link.edits import Set
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet
from tests.control.answering import HERE, Module, eventually, messages
from tests.programs import free_port

NOBODY = (HERE, 9)
MS = 1_000_000


class Server(OscServer):
    """With a hub that remembers what it sends."""

    def __init__(self, port=0):
        self.sent, self.said, self.selected = [], [], []
        self.hub = Hub(ParamSet(PARAMS), self.sent.append)
        namespace = contract(self.hub, Panel(6), Acts(model=self.selected.append))
        super().__init__(lambda: namespace, port, False, self.said.append)

    def beat(self):
        self.hub.beat()
        return self.sent


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def module():
    module = Module()
    yield module
    module.close()


def send(server, address, *values):
    SimpleUDPClient(HERE, server.port).send_message(address, list(values))


def test_notes_are_sent_with_their_time(server):
    server.hub.on_first_note(lambda: server.said.append("first"))
    send(server, "/ddsp/note", 64.0, 0.5)
    send(server, "/ddsp/note", 64, 0)
    eventually(lambda: len(server.beat()) == 2)
    assert [(note.note, note.velocity) for note in server.sent] == [(64.0, 0.5), (64.0, 0.0)]
    assert 0 < server.sent[0].at_ns <= server.sent[1].at_ns
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
    ("/ddsp/param/noise", (math.nan,)),
    ("/ddsp/param/noise", ()),
    ("/ddsp/param/*", (1.0,)),
    ("/dsp/note", (64.0, 1.0)),
    ("/ddsp/subscribe", (9001,)),
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
            sender.sendto(rubbish, (HERE, server.port))
    send(server, "/ddsp/param/noise", 0.25)
    eventually(lambda: server.beat() == [Set("noise", 0.25)])
    assert server.rejected == 4


def test_a_taken_port_is_said(server):
    with pytest.raises(AudioError, match=r"osc\.port"):
        Server(server.port)


@pytest.mark.parametrize(("lan", "host"), [(False, "127.0.0.1"), (True, "0.0.0.0")])
def test_only_this_computer_is_heard_unless_others_may(lan, host):
    namespace = contract(Hub(ParamSet(PARAMS), print), Panel(6), Acts())
    server = OscServer(lambda: namespace, 0, lan, print)
    query = QueryServer(lambda: namespace, 0, lan, server.port)
    places = Path("/proc/self/net/udp").read_text(), Path("/proc/self/net/tcp").read_text()
    number = socket.inet_aton(host)[::-1].hex().upper()
    for port, known in zip((server.port, query.port), places, strict=True):
        assert f" {number}:{port:04X} " in known
    query.close()
    server.close()


def test_letters_that_would_steer_a_terminal_are_not_repeated(module):
    module.server.take(message("/ddsp/\x1b[2J", "s", "\x1b[31m\n"), NOBODY)
    module.server.take(b"/ddsp/\x1b\0\n,\0\0\0", NOBODY)
    assert module.server.rejected == 2
    assert module.said[0].startswith("OSC /ddsp/?[2J ?[31m?: ")
    assert module.said[0].isprintable()


def test_what_breaks_while_it_acts_is_told_and_the_next_message_is_heard():
    def break_down(name):
        raise RuntimeError("the shelf is empty")

    module = Module(load_preset=break_down)
    module.send(message("/ddsp/preset/load", "s", "wood"))
    module.send(message("/ddsp/preset/save", "s", "wood"))
    eventually(lambda: module.done == [("save_preset", "wood")])
    assert "the shelf is empty" in module.said[0]
    module.close()


def test_bundles_act_at_once_whatever_their_time(module):
    far = b"#bundle\0" + struct.pack(">Q", (1 << 64) - 1)
    inner = far + b"".join(
        len(one).to_bytes(4, "big") + one for one in (message("/ddsp/param/noise", "f", 0.5),)
    )
    module.send(bundle([message("/ddsp/param/tune", "i", 2), inner, message("/ddsp/panic", "")]))
    eventually(lambda: module.done == [("panic",)])
    module.hub.beat()
    assert module.sent == [Set("tune", 2.0), Set("noise", 0.5)]
    assert module.server.rejected == 0


def nested(depth, inside):
    for _ in range(depth):
        inside = bundle([inside])
    return inside


def test_bundles_nest_so_deep_and_no_deeper(module):
    panic = message("/ddsp/panic", "")
    module.server.take(nested(DEEPEST, panic), NOBODY)
    assert module.done == [("panic",)]
    module.server.take(nested(DEEPEST + 1, panic), NOBODY)
    module.server.take(nested(3000, panic), NOBODY)
    assert module.done == [("panic",)]
    assert module.server.rejected == 2


def test_a_datagram_does_so_much_and_no_more(module):
    module.server.take(bundle([message("/ddsp/panic", "")] * (MOST_MESSAGES + 1)), NOBODY)
    assert len(module.done) == MOST_MESSAGES
    assert module.server.rejected == 1
    module.server.take(message("/ddsp/panic", "T" * (MOST_VALUES + 1), *[True] * (MOST_VALUES + 1)), NOBODY)
    module.server.take(message("/" + "a" * 60_000, "s", "b" * 5_000), NOBODY)
    assert module.server.rejected == 3


@pytest.mark.parametrize(
    ("types", "values"),
    [
        ("", ()),
        ("ifs", (-3, 0.5, "text")),
        ("hd", (1 << 40, 1e300)),
        ("TFN", (True, False, None)),
        ("bi", (b"12345", 7)),
        ("ss", ("", "1234")),
    ],
)
def test_messages_of_every_type_are_read_as_they_were_built(types, values):
    assert list(read_datagram(message("/a/b", types, *values))) == [("/a/b", list(values))]


def test_who_asks_over_udp_is_answered(module):
    module.hub.set("noise", 0.5)
    module.send(message("/ddsp/get", "s", "/ddsp/param/noise"))
    assert module.hear() == [("/ddsp/param/noise", (0.5,))]


def test_a_parameter_that_changes_by_whatever_way_is_told_to_subscribers(module):
    module.send(message("/ddsp/subscribe", "i", module.socket.getsockname()[1]))
    eventually(lambda: module.reports.listeners)
    module.reports.volts((0.0,) * 6, 0)

    def told(at_ms):
        module.reports.volts((0.0,) * 6, at_ms * MS)
        module.socket.settimeout(0.05)
        heard = []
        try:
            while True:
                heard += [one for one in module.hear() if one[0].startswith("/ddsp/param/")]
        except TimeoutError:
            return heard

    assert {path for path, _ in told(1)} == {f"/ddsp/param/{param.name}" for param in PARAMS}
    module.send(message("/ddsp/param/noise", "f", 0.5))
    eventually(lambda: module.hub.value("noise") == 0.5)
    assert told(30) == [("/ddsp/param/noise", (0.5,))]
    module.driven["morph"] = 0.25
    assert told(60) == [("/ddsp/param/morph", (0.25,))]
    module.driven.clear()
    assert told(90) == [("/ddsp/param/morph", (0.0,))]
    assert told(120) == []


def test_errors_are_told_at_a_bounded_rate_whatever_comes(module):
    module.reports.listeners.add(HERE, module.socket.getsockname()[1])
    for at_ms in range(1000):
        module.server.take(b"rubbish", NOBODY)
        module.reports.volts((0.0,) * 6, at_ms * MS)
    module.socket.settimeout(0.05)
    errors = []
    try:
        while True:
            errors += [one for one in module.hear() if one[0] == "/ddsp/error"]
    except TimeoutError:
        pass
    assert module.server.rejected == 1000
    assert len(module.said) == 1
    assert 1 <= len(errors) <= ERROR_NS // STATUS_NS


PATHS = st.sampled_from(sorted(contract(Hub(ParamSet(PARAMS), print), Panel(6), Acts()))) | st.text(
    max_size=40
)
VALUES = st.one_of(
    st.tuples(st.just("f"), st.floats(width=32)),
    st.tuples(st.just("i"), st.integers(-(1 << 31), (1 << 31) - 1)),
    st.tuples(st.just("h"), st.integers(-(1 << 63), (1 << 63) - 1)),
    st.tuples(st.just("d"), st.floats()),
    st.tuples(st.just("s"), st.text(max_size=20) | st.just("x" * 4000)),
    st.tuples(st.just("b"), st.binary(max_size=20)),
    st.tuples(st.sampled_from("TFNI[]rmtQ"), st.none()),
)
CODES = {"f": ">f", "i": ">i", "h": ">q", "d": ">d"}


def padded(data):
    return data + b"\0" * (4 - len(data) % 4)


def encoded(path, values):
    tags = "".join(tag for tag, _ in values)
    data = padded(f"/{path.lstrip('/')}".encode("utf-8", "replace")) + padded(f",{tags}".encode())
    for tag, value in values:
        if tag in CODES:
            data += struct.pack(CODES[tag], value)
        elif tag == "s":
            data += padded(value.encode("utf-8", "replace"))
        elif tag == "b":
            data += len(value).to_bytes(4, "big") + value + b"\0" * (-len(value) % 4)
    return data


def bundled(inside):
    stamp, parts = inside
    return b"#bundle\0" + struct.pack(">Q", stamp) + b"".join(len(p).to_bytes(4, "big") + p for p in parts)


MESSAGES = st.builds(encoded, PATHS, st.lists(VALUES, max_size=4))
BUNDLES = st.recursive(
    MESSAGES,
    lambda inner: st.tuples(st.integers(0, (1 << 64) - 1), st.lists(inner, max_size=4)).map(bundled),
    max_leaves=12,
)


DATAGRAMS = BUNDLES | st.binary(max_size=200)


def spoiled(data):
    """The datagram, cut off everywhere, and with each byte changed; of long ones at some places."""
    yield data
    for place in range(0, len(data), 1 + len(data) // 32):
        yield data[:place]
        yield data[:place] + bytes([data[place] ^ (0xFF if place % 2 else 0x05)]) + data[place + 1 :]


def test_no_datagram_breaks_anything_and_none_is_remembered(capfd):
    module = Module()
    sizes, count = [], 0

    @settings(max_examples=150, deadline=None, database=None)
    @given(DATAGRAMS)
    def take(data):
        nonlocal count
        for datagram in spoiled(data):
            count += 1
            module.server.take(datagram, NOBODY)
        module.hub.beat()
        module.sent.clear()
        module.done.clear()

    take()
    assert count > 3000
    assert module.server.rejected > 500
    assert len(module.said) == 1
    tracemalloc.start()
    worst = [encoded(f"/ddsp/{n}", [("s", "x" * 4000)]) for n in range(50)]
    worst += [encoded("/ddsp/param/noise", [("f", n / 50)]) for n in range(50)]
    worst += [encoded("/ddsp/note", [("f", float(n)), ("f", 1.0)]) for n in range(50)]
    for _ in range(12):
        for data in worst * 4:
            module.server.take(data, NOBODY)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[3] < 10_000
    assert module.server.rejected > 2400
    assert len(module.said) == 1
    module.close()
    assert capfd.readouterr().err == ""


@pytest.fixture
def liblo(need):
    need("oscsend", "liblo-tools")
    need("oscdump", "liblo-tools")


def test_liblo_plays_and_is_told(liblo, module):
    def oscsend(*words):
        subprocess.run(["oscsend", HERE, str(module.server.port), *words], check=True, timeout=30)

    port = free_port()
    dump = subprocess.Popen(
        ["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    try:
        oscsend("/ddsp/param/brightness", "f", "2.5")
        oscsend("/ddsp/param/noise/norm", "f", "0.25")
        oscsend("/ddsp/note", "ff", "64", "0.5")
        oscsend("/ddsp/gate/3", "i", "1")
        oscsend("/ddsp/model", "s", "cello")
        oscsend("/ddsp/panic")
        eventually(lambda: module.done == [("model", "cello"), ("panic",)])
        module.hub.beat()
        kinds = [type(edit).__name__ for edit in module.sent]
        assert kinds == ["Set", "Set", "Note", "Edge"]
        assert module.sent[:2] == [Set("brightness", 2.5), Set("noise", 0.5)]
        oscsend("/ddsp/subscribe", "i", str(port))
        eventually(lambda: module.reports.listeners)
        # Whether the port is open yet nobody says; so it is told until it has been heard.
        at_ns, lines = 0, []
        while not any("/ddsp/param/brightness" in line for line in lines):
            module.reports.listeners.add(HERE, port)
            module.hub.set("brightness", 2.5)
            module.reports.watch(list(map(module.namespace.get, ("/ddsp/param/brightness", "/ddsp/model"))))
            at_ns += 300 * MS
            module.reports.volts((0.5,) * 6, at_ns)
            lines.append(dump.stdout.readline())
        assert re.search(r"/ddsp/param/brightness f 2\.50*\b", lines[-1])
        assert module.server.rejected == 0
    finally:
        dump.terminate()
        dump.wait(10)


def test_liblo_is_told_what_it_does_wrong(liblo, module):
    for words in (["/ddsp/param/noise", "s", "loud"], ["/ddsp/gate/1", "d", "0.5"], ["/ddsp/nothing"]):
        subprocess.run(["oscsend", HERE, str(module.server.port), *words], check=True, timeout=30)
    eventually(lambda: module.server.rejected == 3)
    assert "/ddsp/param/noise loud: wants a number" in module.said[0]


def test_answers_fit_what_was_asked(module):
    for path, address in module.namespace.items():
        said = address.said()
        if said is not None:
            assert [one[0] for one in messages(said)] == [path]
