"""A supervisor in a process of its own, with tiny programs for engine and control that keep a diary."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

PRELUDE = """
import os, signal, sys, time
from ddsp_pi.processes import lifeline
lifeline.hold()
from ddsp_pi.link import shared
link, diary, name = shared.attach(int(sys.argv[1])), sys.argv[2], sys.argv[3]
def write(*words):
    with open(diary, "a") as file:
        file.write(" ".join(map(str, (name, *words))) + "\\n")
def fade(*_):
    write("faded", os.getpid())
    os._exit(0)
signal.signal(signal.SIGTERM, fade)
write("started", os.getpid())
"""

BEAT = """
while True:
    link.telemetry.write(b"beat")
    time.sleep(0.01)
"""
IDLE = """
while True:
    time.sleep(10)
"""
BEAT_ONCE = 'link.telemetry.write(b"beat")' + IDLE
SLOW_TO_BEAT = "time.sleep(0.8)\nwrite('ready', os.getpid())\n" + BEAT
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwrite('deaf', os.getpid())\n" + BEAT
DEAF_AND_UNTIED = "import ctypes\nctypes.CDLL(None).prctl(1, 0)\n" + DEAF
FAIL = "sys.exit(1)"
ANEW = "time.sleep(0.2)\nsys.exit(3)"
GONE = "sys.exit(75)"
HEARS_HANGUP = (
    "signal.signal(signal.SIGHUP, lambda *_: write('heard', os.getpid()))\nwrite('hears', os.getpid())\n"
    + IDLE
)
REFUSE = "time.sleep(0.2)\nsys.exit(2)"

SUPERVISOR = """
import json, sys
from ddsp_pi.link import shared
from ddsp_pi.processes import child
from ddsp_pi.processes.crashes import Crashes
from ddsp_pi.processes.heartbeat import Patience
from ddsp_pi.processes.supervisor import Supervisor
programs, diary, patience, child.Backoff.APART_S, most = json.loads(sys.argv[1])
link = shared.create()
commands = {
    name: [sys.executable, "-c", program, str(link.fd), diary, name] for name, program in programs.items()
}
import signal
supervisor = Supervisor(link, commands, Patience(**patience), crashes=Crashes(most) if most else None,
    passed_on={signal.SIGHUP: "control"} if most else None)
sys.exit(supervisor.run())
"""


class Stage:
    """A supervisor, what its children wrote and what it said."""

    def __init__(
        self,
        folder: Path,
        engine: str,
        control: str,
        patience: dict,
        apart_s: float,
        pd: str | None = None,
        most_crashes: int = 0,
    ) -> None:
        self._diary, said = folder / "diary", folder / "said"
        self._diary.touch()
        self._said = said
        programs = {"engine": PRELUDE + engine, "control": PRELUDE + control}
        if pd is not None:
            programs["pd"] = PRELUDE + pd
        plan = json.dumps([programs, str(self._diary), patience, apart_s, most_crashes])
        with said.open("w") as stderr:
            command = [sys.executable, "-c", SUPERVISOR, plan]
            self.supervisor = subprocess.Popen(
                command, stderr=stderr, stdin=subprocess.DEVNULL, process_group=0
            )

    def pids(self, name: str, what: str = "started") -> list[int]:
        rows = [row.split() for row in self._diary.read_text().splitlines()]
        return [int(row[2]) for row in rows if row[:2] == [name, what]]

    def said(self) -> str:
        return self._said.read_text()

    def until(self, happened, seconds: float = 30.0):
        """Wait until `happened()` is true."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"not within {seconds} s; {self.said()}{self._diary.read_text()}"
            time.sleep(0.02)

    def until_playing(self) -> tuple[int, int]:
        """The processes of engine and control, once both are there."""
        self.until(lambda: self.pids("engine") and self.pids("control"))
        return self.pids("engine")[-1], self.pids("control")[-1]

    def close(self) -> None:
        if self.supervisor.poll() is None:
            self.supervisor.kill()
        self.supervisor.wait()


def lives(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
