"""What systemd hears."""

import socket

import msgspec
import pytest

from ddsp_pi.engine.telemetry import Telemetry
from ddsp_pi.link.shared import create
from ddsp_pi.processes.launch import Status
from ddsp_pi.processes.under_systemd import DEVICE_S, FEED_S, SAY_S, UnderSystemd
from ddsp_pi.service.notify import systemd_notify

FED = "WATCHDOG=1"


class Module:
    """A module that beats when it is told to, and what systemd hears of it."""

    def __init__(self):
        self.link, self.now_s, self.heard = create(), 100.0, []
        self.systemd = UnderSystemd(self.heard.append, lambda: self.now_s)
        self.systemd.follow(self.link)

    def beat(self, playing=True, xruns=0):
        telemetry = msgspec.msgpack.encode(Telemetry(xruns=xruns))
        status = Status(7, playing, telemetry, "/somewhere/cello.onnx", {})
        self.link.telemetry.write(msgspec.msgpack.encode(status))

    def look(self, after_s=0.1, starting=False):
        """What systemd hears of one more look."""
        self.now_s += after_s
        self.heard.clear()
        self.systemd.look(starting)
        return list(self.heard)


@pytest.fixture
def module():
    module = Module()
    yield module
    module.link.close()


def test_it_is_ready_once_engine_and_control_are_there(module):
    assert not any("READY" in text for text in module.look(starting=True))
    module.beat()
    assert not any("READY" in text for text in module.look())
    module.link.frame.write(b"volts")
    assert "READY=1\nSTATUS=cello plays, 0 xruns" in module.look()
    module.beat()
    assert not any("READY" in text for text in module.look(10.0))


def test_without_a_sound_card_it_is_ready_a_little_later_and_says_what_it_waits_for(module):
    module.link.frame.write(b"volts")
    module.beat(playing=False)
    assert not any("READY" in text for text in module.look())
    module.beat(playing=False)
    assert "READY=1\nSTATUS=cello waits for the sound card" in module.look(DEVICE_S)


def test_only_what_is_rendered_feeds_the_watchdog(module):
    module.look()
    module.beat()
    assert FED in module.look(FEED_S)
    assert FED not in module.look(FEED_S)
    assert FED not in module.look(10 * FEED_S)
    module.beat()
    assert FED in module.look(FEED_S)


def test_a_start_feeds_it_too(module):
    assert FED in module.look(FEED_S, starting=True)
    assert FED not in module.look(FEED_S / 2, starting=True)
    assert FED in module.look(FEED_S, starting=True)


def test_other_settings_do_not_make_it_ready_again_and_their_reason_is_told(module):
    module.link.frame.write(b"volts")
    module.beat()
    module.look()
    other = create()
    module.systemd.follow(other, "no instrument called 'x'")
    module.link.close()
    module.link = other
    other.frame.write(b"volts")
    module.beat(xruns=3)
    assert "STATUS=cello plays, 3 xruns; no instrument called 'x'" in module.look(10.0)


def test_how_it_is_is_read_now_and_then_and_said_if_it_has_changed(module, monkeypatch):
    module.link.frame.write(b"volts")
    module.beat()
    module.look()
    read = []
    monkeypatch.setattr(UnderSystemd, "_line", lambda _, status: read.append(status) or "well")
    for _ in range(300):
        module.beat()
        module.look(0.1)
    assert len(read) == pytest.approx(30.0 / SAY_S, abs=1)
    monkeypatch.undo()
    module.beat(xruns=1)
    assert module.look(SAY_S) == ["WATCHDOG=1", "STATUS=cello plays, 1 xruns"]


def test_the_reason_for_other_settings_is_told_with_their_first_beat(module):
    module.link.frame.write(b"volts")
    module.beat()
    module.look()
    module.systemd.follow(module.link, "a crash")
    assert not any("STATUS" in text for text in module.look())
    module.beat()
    assert "STATUS=cello plays, 0 xruns; a crash" in module.look()


@pytest.mark.parametrize("abstract", [False, True])
def test_it_is_said_to_the_socket_that_systemd_names(tmp_path, abstract):
    name = f"@ddsp-pi-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": name}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0"))
        systemd_notify(environment)("READY=1")
        assert systemd.recv(100) == b"READY=1"
    assert environment == {}


def test_without_systemd_nothing_is_said(tmp_path):
    systemd_notify({})("READY=1")
    systemd_notify({"NOTIFY_SOCKET": str(tmp_path / "gone")})("READY=1")
