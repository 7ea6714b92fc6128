"""`ddsp-pi run` as a musician starts it, on a JACK server, with what may happen to it."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pythonosc.udp_client import SimpleUDPClient

from tests.live.jack import Server
from tests.programs import free_port

PROGRAMS = ("engine", "control")


class Player:
    """Runs from `with` to its end; `lines` is what it has said on both channels."""

    def __init__(self, server: Server, folder: Path, *arguments: str, settings: str = "") -> None:
        config, self.osc_port = folder / "config.yaml", free_port()
        config.write_text(
            f"audio: {{device: system, period: {server.period}, channels: 1}}\n"
            f"osc: {{port: {self.osc_port}}}\n{settings}"
        )
        command = [sys.executable, "-m", "ddsp_pi", "run", "--sim", "--backend", "jack"]
        self._command = [*command, "--config", str(config), *arguments]
        self._environment = server.environment
        self.lines: list[str] = []

    def __enter__(self) -> "Player":
        self.begun_ns = time.monotonic_ns()
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(10)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(10)
        return code

    def said(self, text: str, seconds: float = 20.0) -> str:
        """The line with that text, once there is one."""
        deadline = time.monotonic() + seconds
        while not (found := [line for line in self.lines if text in line]):
            assert time.monotonic() < deadline, f"no {text!r} in {self.lines}"
            time.sleep(0.01)
        return found[0]

    def osc(self, address: str, *values: object) -> None:
        """One message."""
        SimpleUDPClient("127.0.0.1", self.osc_port).send_message(address, list(values))

    def pid(self, program: str, seconds: float = 10.0) -> int:
        """Of the engine or the control process, once there is one."""
        deadline = time.monotonic() + seconds
        while True:
            for pid in children(self.process.pid):
                if f"ddsp_pi.processes.{program}" in command_line(pid):
                    return pid
            assert time.monotonic() < deadline, f"no {program}; {self.lines}"
            time.sleep(0.005)

    def pids(self) -> list[int]:
        """The supervisor's and its children's."""
        return [self.process.pid, *(self.pid(program) for program in PROGRAMS)]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


def children(parent: int) -> Sequence[int]:
    """Process ids, zombies included."""
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_line(pid: int) -> str:
    """As it was started; empty for a zombie and for who has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def lives(pid: int) -> bool:
    """Whether a process is there; one that has ended and waits for its parent is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def memory_mb(pid: int) -> float:
    """Resident memory of its own: the hundred megabytes that all clients share with JACK do not count."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssFile:"))) / 1024
