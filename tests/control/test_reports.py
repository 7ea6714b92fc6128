import math
import socket
import time

import pytest
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.control.acts import Acts, Panel
from ddsp_pi.control.contract import contract
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.messages import Numbers, bundle, message
from ddsp_pi.control.namespace import Address, Value
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.raw import BATCH_NS, MOST_SCANS, unpack_scans
from ddsp_pi.control.reports import CV_NS, ERROR_NS, LONGEST_TEXT, STATUS_NS, WATCHED_NS, Reports
from ddsp_pi.control.subscribers import Subscribers
from ddsp_pi.frame import Edge
from ddsp_pi.modes.cv import PARAMS
from ddsp_pi.params import ParamSet

HERE = "127.0.0.1"
MS = 1_000_000
VOLTS = (0.75, -2.5, math.nan, 0.0, 0.0, 0.0, math.nan, math.nan)


class Ear:
    """A program that listens: the messages of every datagram, in order."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HERE, 0))
        self.socket.settimeout(5.0)
        self.port = self.socket.getsockname()[1]

    def datagrams(self):
        self.socket.setblocking(False)
        found = []
        while True:
            try:
                found.append(messages(self.socket.recv(65_536)))
            except BlockingIOError:
                return found

    def heard(self):
        return [one for datagram in self.datagrams() for one in datagram]

    def named(self, address):
        return [values for name, values in self.heard() if name == address]


def messages(datagram):
    return [(m.message.address, tuple(m.message)) for m in OscPacket(datagram).messages]


@pytest.fixture
def ear():
    ear = Ear()
    yield ear
    ear.socket.close()


@pytest.fixture
def reports():
    reports = Reports(Subscribers(False), Subscribers(False), cvs=3, gates=4)
    yield reports
    reports.close()


@pytest.fixture
def listening(reports, ear):
    """Reports that have greeted the ear already, at time 0."""
    reports.listeners.add(HERE, ear.port)
    reports.volts(VOLTS, 0)
    ear.heard()
    return reports


def equal(found, wanted):
    return len(found) == len(wanted) and all(
        a == pytest.approx(b, abs=1e-6, nan_ok=True) for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize(
    ("types", "values"), [("fff", (1.5, -2.0, 0.25)), ("iih", (3, 1, 1 << 40)), ("", ())]
)
def test_packed_numbers_are_the_message_that_python_osc_builds(types, values):
    assert Numbers("/ddsp/some/where", types)(*values) == message("/ddsp/some/where", types, *values)


def test_a_bundle_is_read_as_its_messages_in_order():
    datagram = bundle([message("/a", "i", 1), message("/b", "s", "two")])
    assert messages(datagram) == [("/a", (1,)), ("/b", ("two",))]


def test_nothing_is_sent_while_nobody_listens(reports, ear):
    reports.volts(VOLTS, 0)
    reports.edge(Edge(1, True, 0))
    reports.raw(VOLTS, 0)
    reports.engine(0.3, 0.5, 0, "violin")
    reports.listeners.add(HERE, ear.port)
    assert ear.heard() == []


def test_a_newcomer_learns_at_once_what_the_others_know(reports, ear):
    reports.edge(Edge(2, True, 0))
    reports.listeners.add(HERE, ear.port)
    reports.engine(0.25, 0.5, 3, "violin")
    reports.health((0.001, 0.002, 0.0, *VOLTS[3:]), "the converter is stuck low")
    reports.volts(VOLTS, 5 * MS)
    *gates, status = ear.datagrams()
    assert gates == [[(f"/ddsp/gate/{n}", (int(n == 2),))] for n in range(1, 5)]
    wanted = {
        "/ddsp/cv": (0.75, -2.5, math.nan),
        "/ddsp/stat/load": (0.25,),
        "/ddsp/stat/worst_load": (0.5,),
        "/ddsp/stat/xruns": (3,),
        "/ddsp/stat/noise": (0.001, 0.002, 0.0),
        "/ddsp/instrument": ("violin",),
        "/ddsp/error": ("the converter is stuck low",),
    }
    assert [address for address, _ in status] == list(wanted)
    assert all(equal(values, wanted[address]) for address, values in status)


def test_moving_volts_are_told_200_times_a_second_at_most(listening, ear):
    for beat in range(1, 1001):
        listening.volts((beat / 1000.0, 0.0, 0.0), beat * MS)
    told = ear.named("/ddsp/cv")
    assert 190 <= len(told) <= 1_000_000_000 // CV_NS + 1
    assert told[-1][0] == pytest.approx(1.0, abs=0.01)


def test_volts_that_stand_still_are_told_with_the_status_only(listening, ear):
    for beat in range(1, 1001):
        listening.volts(VOLTS, beat * MS)
    datagrams = ear.datagrams()
    assert len(datagrams) == 1_000_000_000 // STATUS_NS
    assert all(equal(datagram[0][1], VOLTS[:3]) for datagram in datagrams)


def test_every_edge_and_press_is_told_at_once(listening, ear):
    for high in (True, False, True, False):
        listening.edge(Edge(3, high, 1))
    listening.edge(Edge(9, True, 1))
    listening.press((2,), held=False)
    listening.press((1, 2), held=True)
    assert ear.heard() == [
        *(("/ddsp/gate/3", (level,)) for level in (1, 0, 1, 0)),
        ("/ddsp/button/2", (1,)),
        ("/ddsp/button/1", (2,)),
        ("/ddsp/button/2", (2,)),
    ]


def errors(reports, ear, begin_ms, end_ms):
    for ms in range(begin_ms, end_ms):
        reports.volts(VOLTS, ms * MS)
    return [text for (text,) in ear.named("/ddsp/error")]


def test_trouble_is_told_soon_and_once_a_second_while_it_lasts(listening, ear):
    assert errors(listening, ear, 0, 1000) == []
    listening.health((), "stuck")
    assert errors(listening, ear, 1000, 1000 + STATUS_NS // MS) == ["stuck"]
    assert errors(listening, ear, 2000, 2000 + 3 * ERROR_NS // MS) == ["stuck"] * 3
    listening.health((), "stuck high")
    assert errors(listening, ear, 5000, 5000 + STATUS_NS // MS) == ["stuck high"]
    listening.health((), "")
    assert errors(listening, ear, 6000, 9000) == []
    listening.health((), "stuck high")
    assert errors(listening, ear, 9000, 9000 + STATUS_NS // MS) == ["stuck high"]


def test_of_many_complaints_the_latest_is_told(listening, ear):
    for number in range(1000):
        listening.complain(f"bad message {number}")
    assert errors(listening, ear, 0, 1000) == ["bad message 999"]
    listening.complain("\udcff" * 10_000)
    (text,) = errors(listening, ear, 1000, 2000)
    assert text == "?" * LONGEST_TEXT


def test_recorders_get_every_scan_in_batches_and_edges_with_their_time(reports, ear):
    reports.recorders.add(HERE, ear.port)
    reports.edge(Edge(4, True, 7))
    reports.volts(VOLTS, 10 * MS)
    scans = [(at_ns, (at_ns / 1e9, 0.5, math.nan)) for at_ns in range(10 * MS, 1000 * MS, 2 * MS)]
    for at_ns, volts in scans:
        reports.raw((*volts, 9.0), at_ns)
    reports.edge(Edge(4, False, 1_234_567_890_123))
    heard = ear.heard()
    gates = [values for address, values in heard if address == "/ddsp/raw/gate"]
    assert gates == [(4, 1, 7), *((n, int(n == 4), 10 * MS) for n in range(1, 5)), (4, 0, 1_234_567_890_123)]
    batches = [values for address, values in heard if address == "/ddsp/raw"]
    assert [number for number, _, _ in batches] == list(range(len(batches)))
    found = [scan for _, cvs, blob in batches for scan in unpack_scans(cvs, blob)]
    assert 0 <= len(scans) - len(found) <= BATCH_NS // (2 * MS)
    for (at_ns, volts), (wanted_ns, wanted) in zip(found, scans, strict=False):
        assert at_ns == wanted_ns
        assert equal(volts, wanted)


def test_scans_that_come_too_fast_still_fit_into_a_datagram(ear):
    reports = Reports(Subscribers(False), Subscribers(False), cvs=8, gates=4)
    reports.recorders.add(HERE, ear.port)
    for at_ns in range(3 * MOST_SCANS):
        reports.raw((1.0,) * 8, at_ns)
    ear.socket.setblocking(False)
    assert [len(ear.socket.recv(65_536)) <= 1400 for _ in range(3)] == [True] * 3
    reports.close()


@pytest.mark.parametrize(("cvs", "blob"), [(3, b"short"), (6, b"x" * 33)])
def test_bytes_that_are_no_scans_are_refused(cvs, blob):
    with pytest.raises(ValueError, match="no scans"):
        list(unpack_scans(cvs, blob))


def test_what_is_watched_is_told_when_it_changes_50_times_a_second_at_most(listening, ear):
    value, name = [0.0], ["wood"]
    number = Address("/ddsp/param/noise", "", (Value("f"),), lambda: (value[0],))
    text = Address("/ddsp/preset", "", (Value("s"),), lambda: (name[0],) if name else None)
    listening.watch([number, text])
    for ms in range(1, 2001):
        value[0] = min(ms, 1000) / 1000.0
        listening.volts(VOLTS, ms * MS)
    heard = ear.heard()
    told = [values[0] for address, values in heard if address == "/ddsp/param/noise"]
    assert 45 <= len(told) <= 1_000_000_000 // WATCHED_NS + 1
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert [values for address, values in heard if address == "/ddsp/preset"] == [("wood",)]
    listening.volts(VOLTS, 3000 * MS)
    assert ear.named("/ddsp/preset") == []


def test_a_newcomer_learns_all_that_is_watched_in_datagrams_of_a_bearable_size(reports, ear):
    spots = [Address(f"/ddsp/param/{n}", "", (Value("f"),), lambda n=n: (float(n),)) for n in range(40)]
    reports.watch([*spots, Address("/ddsp/f0", "", (Value("f"),), lambda: None)])
    for _ in range(2):
        reports.listeners.close()
        reports.listeners = Subscribers(False)
        reports.listeners.add(HERE, ear.port)
        reports.volts(VOLTS, 0)
        datagrams = ear.datagrams()
        told = [one for datagram in datagrams for one in datagram if one[0].startswith("/ddsp/param/")]
        assert told == [(f"/ddsp/param/{n}", (float(n),)) for n in range(40)]
        assert max(map(len, datagrams)) <= 16
        assert "/ddsp/f0" not in [address for datagram in datagrams for address, _ in datagram]


class Server(OscServer):
    def __init__(self, reports, lan=False):
        self.said, self.selected = [], []
        namespace = contract(
            Hub(ParamSet(PARAMS), print), Panel(3), Acts(model=self.selected.append), reports=reports
        )
        complain = None if reports is None else reports.complain
        super().__init__(lambda: namespace, 0, lan, self.said.append, complain)


@pytest.fixture
def server(reports):
    server = Server(reports)
    yield server
    server.close()


def eventually(condition):
    deadline = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_subscribes_over_udp_is_told(server, reports, ear):
    client = SimpleUDPClient(HERE, server.port)
    client.send_message("/ddsp/subscribe", ear.port)
    client.send_message("/ddsp/subscribe/raw", [float(ear.port), "localhost"])
    eventually(lambda: reports.listeners and reports.recorders)
    reports.volts(VOLTS, 0)
    heard = ear.heard()
    assert [address for address, _ in heard[:4]] == ["/ddsp/raw/gate"] * 4
    assert [address for address, _ in heard[4:]] == [*(f"/ddsp/gate/{n}" for n in range(1, 5)), "/ddsp/cv"]
    assert server.rejected == 0


def test_a_ping_is_answered_to_its_sender_and_to_those_who_listen(server, reports, ear):
    reports.listeners.add(HERE, ear.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(5.0)
        sender.connect((HERE, server.port))
        sender.send(message("/ddsp/ping", "i", 77))
        assert messages(sender.recv(1024)) == [("/ddsp/pong", (77,))]
    assert ear.heard() == [("/ddsp/pong", (77,))]


BAD = [
    ("/ddsp/subscribe", ()),
    ("/ddsp/subscribe", ("nine",)),
    ("/ddsp/subscribe", (0,)),
    ("/ddsp/subscribe", (9001, "10.0.0.1")),
    ("/ddsp/subscribe", (9001, "no such host")),
    ("/ddsp/subscribe", (9001, 5)),
    ("/ddsp/subscribe", (9001, HERE, 1)),
    ("/ddsp/subscribe/raw", (math.inf,)),
    ("/ddsp/ping", ()),
    ("/ddsp/ping", ("hello",)),
    ("/ddsp/ping", (math.nan,)),
]


@pytest.mark.parametrize(("address", "values"), BAD)
def test_a_malformed_wish_is_counted_told_and_dropped(server, reports, ear, address, values):
    client = SimpleUDPClient(HERE, server.port)
    client.send_message(address, list(values))
    eventually(lambda: server.said)
    assert server.rejected == 1
    assert address in server.said[0]
    assert not reports.listeners
    assert not reports.recorders
    client.send_message("/ddsp/subscribe", ear.port)
    eventually(lambda: reports.listeners)
    reports.volts(VOLTS, 0)
    assert [address in text for (text,) in ear.named("/ddsp/error")] == [True]


def test_bytes_that_are_no_text_are_refused_without_a_traceback(server, capfd):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"/ddsp/instrument\0\0\0\0,s\0\0\xff\xfe\xfd\0", (HERE, server.port))
    eventually(lambda: server.said)
    assert "utf-8" in server.said[0]
    assert capfd.readouterr().err == ""


def test_without_reports_nobody_can_subscribe():
    server = Server(None)
    SimpleUDPClient(HERE, server.port).send_message("/ddsp/subscribe", 9001)
    eventually(lambda: server.rejected == 1)
    server.close()
