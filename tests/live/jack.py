"""A JACK server of a test's own, with the dummy driver, and what is asked about it from outside."""

import os
import signal
import subprocess
import time
from pathlib import Path

from ddsp_pi.frame import SAMPLE_RATE

OUTPUT = "PortAudio:out_0"
"""Where our sound comes out: PortAudio's client, first channel."""

INPUT = "PortAudio:in_0"
"""Where it listens, in a mode that does."""


class Server:
    """A server that may be started, killed and started again under the same name."""

    def __init__(self, name: str, log: Path, period: int, inputs: int = 0) -> None:
        """`name` must be of one test: a server that was killed leaves things behind under its name."""
        self.name, self.period, self._inputs = name[:60], period, inputs
        self.environment = os.environ | {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._owes = False

    def start(self) -> None:
        """Returns when it answers."""
        command = ["jackd", "-n", self.name, "--realtime", "-P", "70", "-d", "dummy"]
        command += ["-r", "48000", "-p", str(self.period), "-C", str(self._inputs), "-P", "2"]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        self.wait_for("system:playback_1")
        self._owes = False

    def kill(self) -> None:
        """As a crash would end it."""
        self._end(signal.SIGKILL)
        self._owes = True

    def stop(self) -> None:
        """In good order, whatever happened before."""
        # What a killed server leaves in shared memory, only the next one of its name takes away;
        # the system has room for eight.
        if self._owes and self._process is None:
            self.start()
        self._end(signal.SIGTERM)

    def ports(self) -> list[str]:
        """All ports there are now; none if the server does not answer."""
        done = subprocess.run(
            ["jack_lsp"], capture_output=True, text=True, check=False, env=self.environment, timeout=10
        )
        return done.stdout.split()

    def cables(self) -> set[tuple[str, str]]:
        """All pairs of ports that are connected; each is there both ways round."""
        done = subprocess.run(
            ["jack_lsp", "-c"], capture_output=True, text=True, check=False, env=self.environment, timeout=10
        )
        found, port = set(), ""
        for line in done.stdout.splitlines():
            if line.startswith(" "):
                found.add((port, line.strip()))
            else:
                port = line
        return found

    def driver_ms(self) -> float:
        """What the server says that its driver adds, on the way in and on the way out."""
        asked = {"system:capture_1": "capture", "system:playback_1": "playback"}
        done = subprocess.run(
            ["jack_lsp", "-l"], capture_output=True, text=True, check=True, env=self.environment, timeout=10
        )
        port, frames = "", 0
        for line in done.stdout.splitlines():
            if not line.startswith(("\t", " ")):
                port = line.strip()
            elif asked.get(port, "-") in line:
                frames += int(line.rpartition("[")[2].split()[1])
        return 1000.0 * frames / SAMPLE_RATE

    def wait_for(self, port: str, seconds: float = 15.0) -> None:
        """Until a port is there."""
        deadline = time.monotonic() + seconds
        while port not in self.ports():
            assert time.monotonic() < deadline, f"{port} did not appear; there are {self.ports()}"
            time.sleep(0.05)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
        self._process = None
