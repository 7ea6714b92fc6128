"""The whole module as a service, into nothing, with a systemd that only listens."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from ddsp_pi.cli.reload import asked
from ddsp_pi.service.last_minute import last_minute
from tests.processes.stage import lives
from tests.programs import free_port

SECONDS = 60.0
BAD = "no instrument called 'nosuch'"


class Service:
    """`ddsp-pi run --unattended` with its folders in one place."""

    def __init__(self, folder, settings):
        self.runtime, self.data = folder / "run", folder / "data"
        for made in (self.runtime, self.data):
            made.mkdir(exist_ok=True)
        self.file = folder / "config.yaml"
        self.port, self.query_port = free_port(), free_port()
        self.write(settings)
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(folder / "notify"))
        self._log = folder / "log"
        self._folder = folder
        self.heard = []

    def write(self, settings):
        ports = f"osc: {{port: {self.port}, query_port: {self.query_port}}}\n"
        self.file.write_text(
            f"audio: {{backend: 'null', period: 512}}\n{ports}midi: {{port: null}}\n{settings}"
        )

    def start(self, *arguments):
        environment = os.environ | {
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "RUNTIME_DIRECTORY": str(self.runtime),
            "DDSP_PI_DATA": str(self.data),
        }
        command = [sys.executable, "-m", "ddsp_pi", "run", "--unattended", "--config", str(self.file)]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def log(self):
        return self._log.read_text()

    def until(self, happened):
        end = time.monotonic() + SECONDS
        while not (found := happened()):
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, f"not within {SECONDS} s; {self.log()}"
            time.sleep(0.05)
        return found

    def until_ready(self):
        self.until(lambda: any("READY=1" in text for text in self.hear()))

    def hear(self):
        while True:
            try:
                self.heard.append(self._systemd.recv(4096, socket.MSG_DONTWAIT).decode())
            except BlockingIOError:
                return self.heard

    def last(self):
        """The newest line of its diary, if there is one."""
        lines = last_minute(self.runtime)
        return lines[-1] if lines else None

    def until_last(self, fits):
        return self.until(lambda: (line := self.last()) and fits(line) and line)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._systemd.close()


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path, "")
    yield service
    service.close()


def test_it_is_ready_feeds_the_watchdog_and_ends_well(service):
    service.start()
    service.until_ready()
    service.heard.clear()
    service.until(lambda: "WATCHDOG=1" in service.hear())
    line = service.until_last(lambda line: line.playing)
    assert (line.mode, line.trouble, line.instrument) == ("settings", "", "violin")
    service.process.terminate()
    assert service.process.wait(SECONDS) == 0
    assert not lives(line.engine)


def test_an_instrument_that_is_not_there_brings_safe_mode_which_says_why(service):
    service.write("model: nosuch\n")
    service.start()
    service.until_ready()
    line = service.until_last(lambda line: line.playing)
    assert (line.mode, line.instrument) == ("safe", "violin")
    assert BAD in line.trouble
    service.until(lambda: any(BAD in text for text in service.hear() if "STATUS" in text))


def test_a_taken_port_costs_osc_alone_and_only_while_it_is_taken(service):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", service.port))
        service.start()
        service.until_ready()
        line = service.until_last(lambda line: line.playing)
        assert (line.mode, line.trouble) == ("settings", "")
        assert f"OSC port {service.port}: Address already in use" in service.log()
    assert service.until(lambda: asked(service.port)) == str(service.file)
    assert service.last().control == line.control


def test_a_crash_loop_of_the_engine_brings_safe_mode(service):
    service.start()
    service.until_ready()
    killed = set()
    while (line := service.until_last(lambda line: line.engine not in killed)).mode != "safe":
        killed.add(line.engine)
        os.kill(line.engine, signal.SIGSEGV)
    assert len(killed) == 5
    assert "SIGSEGV" in line.trouble
    # From the instruments that ship, whatever was brought in.
    assert line.instrument == "violin"


@pytest.mark.parametrize("arguments", [(), ("--safe",)])
def test_only_in_safe_mode_instruments_of_ones_own_are_left_alone(service, arguments):
    damaged = service.data / "models/damaged.onnx"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no instrument at all")
    service.start(*arguments)
    service.until_ready()
    line = service.until_last(lambda line: line.playing)
    assert line.mode == ("safe" if arguments else "settings")
    assert (str(damaged) in service.log()) is not bool(arguments)


def test_a_hung_supervisor_is_not_fed(service):
    service.start()
    service.until_ready()
    os.kill(service.process.pid, signal.SIGSTOP)
    time.sleep(0.5)
    service.hear()
    service.heard.clear()
    time.sleep(3.0)
    assert service.hear() == []
    os.kill(service.process.pid, signal.SIGCONT)
    service.until(lambda: "WATCHDOG=1" in service.hear())


def test_each_line_of_the_diary_can_be_read_by_any_program(service):
    service.start()
    service.until_last(lambda line: line.playing)
    rows = (service.runtime / "telemetry.jsonl").read_text().splitlines()
    assert {"time_s", "mode", "xruns", "playing", "engine"} <= json.loads(rows[-1]).keys()
