import math
import socket
import time

import numpy as np
import pytest

from ddsp_pi.control.messages import message
from ddsp_pi.frame import Edge
from ddsp_pi.monitor import daemon as daemon_module
from ddsp_pi.monitor.daemon import Daemon
from ddsp_pi.monitor.recording import Recording
from ddsp_pi.rack.performance import load_performance

MS = 1_000_000
VOLTS = (0.75, -2.5, math.nan)


@pytest.fixture
def daemon(talker):
    daemon = Daemon(talker.port)
    yield daemon
    daemon.close()


def until(daemon, condition):
    """Listen until it is so."""
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline
        daemon.listen(time.monotonic() + 0.02)


def test_what_is_reported_is_read(talker, daemon):
    reports, reading = talker.reports, daemon.reading
    until(daemon, lambda: reports.listeners)
    reports.edge(Edge(2, True, 0))
    reports.engine(0.25, 0.5, 3, "violin")
    reports.health((0.5, 0.25, math.nan), "the converter is stuck")
    reports.press((1, 3), held=True)
    reports.volts(VOLTS, 0)
    until(daemon, lambda: reading.instrument)
    assert reading.volts == pytest.approx(VOLTS, nan_ok=True)
    assert reading.noise_volts == pytest.approx((0.5, 0.25, math.nan), nan_ok=True)
    assert reading.gates == {1: False, 2: True, 3: False, 4: False}
    assert [(press.button, press.held) for press in reading.presses] == [(1, True), (3, True)]
    assert (reading.load, reading.worst_load, reading.xruns) == (0.25, 0.5, 3)
    assert reading.trouble(time.monotonic()) == "the converter is stuck"
    assert reading.trouble(time.monotonic() + 60.0) == ""
    reports.edge(Edge(2, False, 0))
    until(daemon, lambda: not reading.gates[2])


def test_it_subscribes_again_and_again(talker, daemon, monkeypatch):
    monkeypatch.setattr(daemon_module, "RENEW_S", 0.05)
    until(daemon, lambda: talker.reports.listeners)
    talker.reports.listeners._until_s.clear()
    until(daemon, lambda: talker.reports.listeners)


def test_one_that_is_there_answers_and_one_that_is_not_does_not(talker, daemon):
    talker.begin(lambda reports, now_ns: reports.volts(VOLTS, now_ns))
    assert daemon.answers(10.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        deaf = Daemon(port)
        assert not deaf.answers(0.05)
        deaf.close()
    nobody = Daemon(port)
    assert not nobody.answers(0.05)
    nobody.close()


def test_a_daemon_that_goes_silent_is_said(talker, daemon, monkeypatch):
    monkeypatch.setattr(daemon_module, "SILENCE_S", 0.05)
    until(daemon, lambda: talker.reports.listeners)
    talker.reports.volts(VOLTS, 0)
    until(daemon, lambda: daemon.reading.volts)
    until(daemon, lambda: "says nothing any more" in daemon.reading.trouble(time.monotonic()))


RUBBISH = [
    b"",
    b"\0",
    b"#bundle\0" + b"\xff" * 20,
    bytes(range(256)),
    message("/ddsp/cv", "s", "volts"),
    message("/ddsp/gate/x", "i", 1),
    message("/ddsp/gate/99999999", "i", 1),
    message("/ddsp/gate/1", ""),
    message("/ddsp/button/1", "ii", 1, 2),
    message("/ddsp/stat/xruns", "s", "many"),
    message("/ddsp/instrument", "i", 3),
    message("/ddsp/error", "i", 3),
    message("/ddsp/elsewhere", "i", 3),
    message("/ddsp/raw", "iib", 0, 3, b"short"),
    message("/ddsp/raw", "iib", 0, -1, b"short"),
    message("/ddsp/raw", "sss", "a", "b", "c"),
    message("/ddsp/raw/gate", "ii", 1, 1),
    message("/ddsp/raw/gate", "sss", "a", "b", "c"),
]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_is_overheard(talker, daemon, tmp_path, rubbish):
    recording = Recording(tmp_path / "take.csv")
    daemon.record(recording)
    until(daemon, lambda: talker.reports.recorders)
    ear = talker.reports.listeners.newcomers()[0]
    talker.reports.listeners.send_to(ear, rubbish)
    talker.reports.listeners.send_to(ear, message("/ddsp/instrument", "s", "violin"))
    until(daemon, lambda: daemon.reading.instrument == "violin")
    assert daemon.reading.gates == {}
    assert daemon.reading.volts == ()
    recording.close()
    assert recording.rows == 0


def test_what_came_over_the_network_does_not_steer_the_terminal(talker, daemon):
    until(daemon, lambda: talker.reports.listeners)
    talker.reports.complain("bad \x1b[2Jmessage\nhere")
    talker.reports.engine(0.0, 0.0, 0, "vio\x1blin")
    talker.reports.volts(VOLTS, 0)
    until(daemon, lambda: daemon.reading.errors)
    assert daemon.reading.trouble(time.monotonic()) == "bad ?[2Jmessage?here"
    assert daemon.reading.instrument == "violin"


def test_many_different_errors_are_not_hoarded(talker, daemon):
    for number in range(100):
        daemon.reading.complain(f"bad message {number}")
    assert daemon.reading.trouble(time.monotonic()).count(";") < 10


def record(talker, daemon, path):
    recording = Recording(path)
    daemon.record(recording)
    until(daemon, lambda: talker.reports.recorders)
    return recording


def test_a_recording_over_udp_plays_the_same_volts_and_edges_again(talker, daemon, tmp_path):
    recording, reports = record(talker, daemon, tmp_path / "take.csv"), talker.reports
    begin_ns = time.monotonic_ns() - 10_000 * MS
    volts = np.round(np.random.default_rng(2).uniform(-5.0, 5.0, (640, 2)), 5)
    edges = [Edge(1, True, 100_400_000), Edge(4, True, 200_000_001), Edge(1, False, 500_123_456)]
    waiting = list(edges)
    for row, cables in enumerate(volts.tolist()):
        # An edge is seen up to a few beats after it happened.
        while waiting and waiting[0].at_ns < (row - 3) * MS:
            edge = waiting.pop(0)
            reports.edge(Edge(edge.gate, edge.high, begin_ns + edge.at_ns))
        reports.raw((*cables, math.nan), begin_ns + row * MS)
    until(daemon, lambda: len(recording._heard) >= len(volts) + len(edges) or recording.rows)
    recording.close()
    played = load_performance(recording.path)
    assert daemon.lost == 0
    assert recording.jacks == (1, 2)
    assert played.edges[:3] == tuple(edges)
    scans = np.isin(played.times_ns, np.arange(len(volts)) * MS)
    np.testing.assert_allclose(played.volts[scans][:, :2], volts, atol=1.1e-5, rtol=0.0)
    assert scans.sum() == len(volts)


def test_gates_that_are_open_when_a_recording_begins_are_open_in_it(talker, daemon, tmp_path):
    talker.reports.edge(Edge(3, True, 1))
    recording = record(talker, daemon, tmp_path / "take.csv")
    begin_ns = time.monotonic_ns() - 1000 * MS
    talker.reports.volts(VOLTS, begin_ns)
    for row in range(64):
        talker.reports.raw(VOLTS, begin_ns + row * MS)
    until(daemon, lambda: len(recording._heard) >= 64 or recording.rows)
    recording.close()
    assert load_performance(recording.path).edges[0] == Edge(3, True, 0)


def test_pieces_that_got_lost_are_counted(talker, daemon, tmp_path):
    recording = record(talker, daemon, tmp_path / "take.csv")
    ear = talker.reports.recorders.newcomers()[0]
    for number in (5, 6, 9):
        talker.reports.recorders.send_to(ear, message("/ddsp/raw", "iib", number, 0, bytes(8)))
    until(daemon, lambda: daemon.lost)
    assert daemon.lost == 2
    recording.close()
