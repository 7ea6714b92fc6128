"""The verb, beside a control process in small, beside the real player, and beside nobody."""

import errno
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from ddsp_pi.cli import main
from ddsp_pi.frame import Edge
from ddsp_pi.rack.performance import load_performance
from tests.monitor.talking import Talker
from tests.programs import free_port

PROGRAM = [sys.executable, "-m", "ddsp_pi", "monitor"]
VOLTS = (0.7525, -2.0, 0.0)


def settings(tmp_path, port):
    file = tmp_path / "config.yaml"
    file.write_text(f"osc: {{port: {port}}}\nrack: {{board: sim}}\naudio: {{backend: 'null', period: 512}}\n")
    return str(file)


def say(reports, now_ns):
    beat = now_ns // 1_000_000
    if beat % 20 == 0:
        reports.edge(Edge(1, beat // 20 % 2 == 0, now_ns))
    reports.raw((*VOLTS[:2], beat % 5), now_ns)
    reports.engine(0.314, 0.58, 2, "violin")
    reports.health((0.001, 0.0005, 0.0), "")
    reports.volts(VOLTS, now_ns)


@pytest.fixture
def config(tmp_path):
    """The configuration of a daemon that talks."""
    talker = Talker()
    talker.begin(say)
    yield settings(tmp_path, talker.port)
    talker.close()


def test_once_prints_one_line(config, capsys):
    assert main(["monitor", "--once", "--config", config]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    for words in ("CV 1 +0.752 V A4 +3 c", "CV 2 -2.000 V", "violin", "load 31%", "worst 58%", "2 xruns"):
        assert words in line


def test_json_is_a_line_for_every_update(config, capsys):
    assert main(["monitor", "--json", "--rate", "20", "--seconds", "0.5", "--config", config]) == 0
    views = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(views) > 1
    assert views[-1]["instrument"] == "violin"
    assert views[-1]["jacks"][0]["name"] == "A4 +3 c"
    assert views[-1]["jacks"][0]["noise_cents"] == 1.2


def test_on_a_real_terminal_the_table_stays_in_its_place(config):
    ours, theirs = pty.openpty()
    with subprocess.Popen([*PROGRAM, "--seconds", "0.5", "--config", config], stdout=theirs) as monitor:
        os.close(theirs)
        drawn = read_all(ours)
    assert monitor.returncode == 0
    tables = drawn.split("\033[J")
    assert "CV 1   +0.752 V   note             A4 +3 c      noise 1.2 c" in tables[0]
    assert len(tables) > 2
    rows = tables[0].count("\n")
    assert all(table.startswith(f"\033[{rows}A") for table in tables[1:-1])


def read_all(terminal):
    drawn = b""
    with open(terminal, "rb", buffering=0) as file:
        while True:
            try:
                drawn += file.read(4096)
            except OSError as error:
                # So a terminal says that nobody is at its other end any more.
                if error.errno != errno.EIO:
                    raise
                return drawn.decode()


@pytest.mark.parametrize("rate", ["0", "-1", "1000", "nan"])
def test_a_rate_that_makes_no_sense_is_said(capsys, rate):
    assert main(["monitor", "--rate", rate]) == 2
    assert "--rate" in capsys.readouterr().err


def test_without_daemon_and_board_it_says_what_to_do(tmp_path, capsys):
    port = free_port()
    assert main(["monitor", "--config", settings(tmp_path, port)]) == 2
    said = capsys.readouterr().err
    assert f"OSC port {port}" in said
    assert "'ddsp-pi run --sim'" in said


def test_an_older_recording_is_not_lost_because_nobody_answers(tmp_path):
    take = tmp_path / "take.csv"
    take.write_text("precious\n")
    assert main(["monitor", "--record", str(take), "--config", settings(tmp_path, free_port())]) == 2
    assert take.read_text() == "precious\n"


def test_a_recording_can_be_played_again(config, tmp_path, capsys):
    take = tmp_path / "take.csv"
    assert main(["monitor", "--record", str(take), "--seconds", "1", "--config", config]) == 0
    said = capsys.readouterr().err
    assert "CV 1, CV 2, CV 3" in said
    assert f"--cv {take}" in said
    played = load_performance(take)
    assert played.volts[-1, :2].tolist() == list(VOLTS[:2])
    assert played.edges
    wav = tmp_path / "take.wav"
    assert main(["render", "--cv", str(take), "-o", str(wav)]) == 0
    assert wav.stat().st_size > 48_000


@contextmanager
def recording(take, config, **options):
    """`monitor --record` in a process of its own, with a second or so in its file."""
    # A shell has what it starts in the background ignore Ctrl-C, tests and all.
    command = ["env", "--default-signal=INT", *PROGRAM, "--json", "--record", str(take), "--config", config]
    monitor = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options
    )
    deadline = time.monotonic() + 30.0
    try:
        while monitor.poll() is None and not (take.exists() and take.stat().st_size >= 20_000):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield monitor
    finally:
        monitor.kill()
        monitor.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_a_recording_keeps_it_whole(config, tmp_path, number):
    take = tmp_path / "take.csv"
    with recording(take, config) as monitor:
        monitor.send_signal(number)
        said = monitor.communicate(timeout=30)[1]
    assert monitor.returncode == 0
    assert "gate edges" in said
    assert "Traceback" not in said
    assert load_performance(take).length_ns > 0


def test_a_recording_that_is_killed_keeps_whole_rows(config, tmp_path):
    take = tmp_path / "take.csv"
    with recording(take, config) as monitor:
        monitor.kill()
    assert load_performance(take).length_ns > 0


def test_a_full_disk_ends_a_recording_and_what_was_written_can_be_played(config, tmp_path):
    take = tmp_path / "take.csv"

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (15_001, resource.RLIM_INFINITY))

    with recording(take, config, preexec_fn=little_room) as monitor:
        said = monitor.communicate(timeout=30)[1]
    assert monitor.returncode == 1
    assert said.startswith(f"ddsp-pi monitor: {take}: ")
    assert "can be read" in said
    assert "Traceback" not in said
    assert load_performance(take).length_ns > 0


def test_where_no_jack_says_anything_there_is_no_recording(tmp_path, capsys):
    talker = Talker()
    talker.begin(lambda reports, now_ns: reports.volts((float("nan"),) * 3, now_ns))
    take = tmp_path / "take.csv"
    config = settings(tmp_path, talker.port)
    assert main(["monitor", "--record", str(take), "--seconds", "0.2", "--config", config]) == 2
    assert "nothing was recorded" in capsys.readouterr().err
    talker.close()


PLAYED = """time_s,cv1,cv2,gate1
0,0.7525,5,0
0.1,0.7525,5,1
0.4,-1,4,0
1.0,-1,4,0
"""


@pytest.fixture
def player(tmp_path):
    """`ddsp-pi run --sim` into nothing, with a performance of a second in its jacks."""
    performance = tmp_path / "played.csv"
    performance.write_text(PLAYED)
    config = settings(tmp_path, free_port())
    command = [sys.executable, "-m", "ddsp_pi", "run", "--sim", "--cv", str(performance), "--config", config]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert any("Ctrl-C ends it" in line for line in process.stdout)
    threading.Thread(target=process.stdout.read, daemon=True).start()
    yield config
    process.terminate()
    process.wait(timeout=30)


def once(config):
    done = subprocess.run(
        [*PROGRAM, "--once", "--json", "--config", config],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_real_player_is_seen(player):
    deadline = time.monotonic() + 60.0
    while (view := once(player))["load"] is None:
        assert time.monotonic() < deadline
    assert view["instrument"] == "violin"
    assert 0.0 < view["load"] <= view["worst_load"]
    assert view["xruns"] >= 0
    assert view["trouble"] == ""
    assert view["gates"].keys() == {"1", "2", "3", "4"}
    first, second, *others = view["jacks"]
    assert (first["volts"], first["name"]) in ((0.7525, "A4 +3 c"), (-1.0, "C3 +0 c"))
    assert second["volts"] in (5.0, 4.0)
    assert [jack["volts"] for jack in others] == [None] * 6


def test_what_the_real_player_plays_is_recorded(player, tmp_path):
    take = tmp_path / "take.csv"
    assert main(["monitor", "--record", str(take), "--seconds", "3", "--config", player]) == 0
    again = load_performance(take)
    assert set(again.volts[:, 0]) == {0.7525, -1.0}
    assert set(again.volts[:, 1]) == {5.0, 4.0}
    assert np.isnan(again.volts[:, 2:]).all()
    # Edges keep their own times, whenever they were read: a round is a second, its gate is open for 0.3 s.
    rises, falls = ([e.at_ns for e in again.edges[1:-1] if e.high is high] for high in (True, False))
    assert set(np.diff(rises)) == set(np.diff(falls)) == {1_000_000_000}
    assert (falls[0] - rises[0]) % 1_000_000_000 == 300_000_000
