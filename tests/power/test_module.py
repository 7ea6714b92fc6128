"""The module as a service starts it: what it remembers, who can reach it, and disks that refuse."""

import os
import random
import signal
import stat
import subprocess
import sys
import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from ddsp_pi.control.state_file import read_state, state_path
from ddsp_pi.processes.sounds import open_presets
from tests.power.module import Module


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("DDSP_PI_DATA", str(folder))
    return folder


def until(happened, seconds=60.0):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_begins_as_it_was_when_it_was_switched_off(tmp_path, data):
    with Module(tmp_path) as module:
        module.says("violin plays the demo")
        osc = SimpleUDPClient("127.0.0.1", module.port)
        osc.send_message("/ddsp/preset/load", "cello-solo")
        module.says("cello plays now")
        osc.send_message("/ddsp/param/brightness", 2.5)
        until(lambda: state_path(data).exists() and "brightness: 2.5" in state_path(data).read_text())
        osc.send_message("/ddsp/param/brightness", 3.5)
        time.sleep(0.5)
        assert module.end() == 0
    kept = read_state(state_path(data))
    assert (kept.instrument, kept.preset, kept.params["brightness"]) == ("cello", "cello-solo", 3.5)
    before = state_path(data).stat()
    with Module(tmp_path) as module:
        assert "cello, preset cello-solo" in module.says("as when it was switched off")
        module.says("cello plays the demo")
        assert module.end() == 0
    assert state_path(data).stat() == before


def test_a_damaged_state_is_no_reason_not_to_start(tmp_path, data):
    data.mkdir()
    state_path(data).write_bytes(bytes(700))
    with Module(tmp_path) as module:
        assert "state.yaml.damaged" in module.says("state.yaml")
        module.says("violin plays the demo")
        assert module.end() == 0


LOOPBACK = "0100007F"


def listening(pid):
    """Addresses in hexadecimal that are bound in the network of a process, by table."""
    found = {}
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite", "packet"):
        with open(f"/proc/{pid}/net/{table}") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        found[table] = {row[1].partition(":")[0] for row in rows}
    return found


def test_nobody_can_reach_it_from_outside_unless_that_is_asked_for(tmp_path, data, namespaces):
    with Module(tmp_path, unshare=["-rn"]) as module:
        module.says("violin plays the demo")
        tables = listening(module.pids()[-1])
        assert tables.pop("tcp") == tables.pop("udp") == {LOOPBACK}
        assert not any(tables.values())


def test_the_look_at_sockets_sees_what_can_be_reached(tmp_path, data, namespaces):
    module = Module(tmp_path, unshare=["-rn"])
    settings = tmp_path / "module.yaml"
    settings.write_text(settings.read_text() + "osc: {lan: true}\n")
    with module:
        module.says("violin plays the demo")
        assert "00000000" in listening(module.pids()[-1])["udp"]


def test_nothing_of_its_own_can_be_written_by_others(tmp_path, data):
    before = os.umask(0)
    try:
        with Module(tmp_path) as module:
            module.says("violin plays the demo")
            osc = SimpleUDPClient("127.0.0.1", module.port)
            osc.send_message("/ddsp/preset/save", "mine")
            module.says("is saved as")
            assert module.end() == 0
    finally:
        os.umask(before)
    found = [data, *data.rglob("*")]
    assert {path.name for path in found} >= {"data", "presets", "mine.yaml", "state.yaml"}
    assert [path for path in found if path.stat().st_mode & stat.S_IWOTH] == []


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=64k,mode=755 none "$DDSP_PI_DATA" && exec "$@"
"""
FULL = ON_A_SMALL_DISK.replace("&&", '&& head -c 1M /dev/zero > "$DDSP_PI_DATA/filled" 2> /dev/null;')
READ_ONLY = ON_A_SMALL_DISK.replace("&&", '&& mount -o remount,ro "$DDSP_PI_DATA" &&')
REFUSING = (FULL, "No space left on device"), (READ_ONLY, "Read-only file system")


@pytest.mark.parametrize(("disk", "why"), REFUSING)
def test_a_disk_that_refuses_is_said_and_it_plays_on(tmp_path, data, namespaces, disk, why):
    data.mkdir()
    module = Module(tmp_path, unshare=["-rm", "sh", "-c", disk, "sh"])
    with module:
        module.says("violin plays the demo")
        osc = SimpleUDPClient("127.0.0.1", module.port)
        osc.send_message("/ddsp/preset/save", "mine")
        line = module.says("preset not saved")
        assert why in line
        osc.send_message("/ddsp/instrument", "flute")
        module.says("flute plays now")
        assert why in module.says("what plays cannot be remembered")
        osc.send_message("/ddsp/instrument", "cello")
        module.says("cello plays now")
        assert module.end() == 0


@pytest.mark.parametrize(("disk", "why"), REFUSING)
def test_every_writer_says_so_and_leaves_what_was_there(data, namespaces, disk, why):
    data.mkdir()
    python = [sys.executable, "-m", "tests.power.refused"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", disk, "sh", *python], capture_output=True, text=True, timeout=120
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(lines) == 5
    for line in lines:
        assert why in line
        assert "what was there before still is" in line


def test_killed_while_it_remembers_it_starts_with_what_is_whole(tmp_path, data):
    chance, turned = random.Random(1), {0.0}
    for _ in range(2):
        with Module(tmp_path) as module:
            module.says("violin plays the demo")
            osc, end = SimpleUDPClient("127.0.0.1", module.port), time.monotonic() + chance.uniform(7.0, 8.0)
            while time.monotonic() < end:
                turned.add(len(turned) / 64)
                osc.send_message("/ddsp/param/brightness", max(turned))
                if len(turned) % 16 == 0:
                    osc.send_message("/ddsp/preset/save", "mine")
                time.sleep(0.01)
            for pid in module.pids():
                os.kill(pid, signal.SIGKILL)
        kept = read_state(state_path(data))
        assert kept is None or kept.params["brightness"] in turned
        loaded = open_presets().load("mine")
        assert loaded.left_out == ()
        assert loaded.preset.params["brightness"] in turned
