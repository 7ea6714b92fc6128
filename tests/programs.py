"""Programs that run beside a test, and what they say."""

import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

PATIENCE_S = 60.0
"""How long anything is waited for."""

OURS = (sys.executable, "-m", "ddsp_pi")
"""The command line of ddsp-pi."""

_END = object()


def free_port() -> int:
    """For UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Lines:
    """What comes from a thread, to be waited for."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._new: queue.Queue[Any] = queue.Queue()

    def put(self, thing: object) -> None:
        """One more."""
        self.all.append(thing)
        self._new.put(thing)

    def end(self) -> None:
        """Nothing more will come."""
        self._new.put(_END)

    def wait(self, fits: Callable[[Any], object], what: object) -> Any:
        """The next one that fits; those before it are gone."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                thing = self._new.get(timeout=max(until - time.monotonic(), 0.001))
            except queue.Empty:
                thing = _END
            assert thing is not _END, f"no {what} among {self.all[-30:]}"
            if fits(thing):
                return thing


class Program:
    """A program, begun at once; what it prints on both channels can be waited for."""

    def __init__(self, *command: object, env: Mapping[str, str] | None = None) -> None:
        """`env`: its whole environment; None: ours."""
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        self.said = Lines()
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, text: str) -> str:
        """The next line with this text."""
        line: str = self.said.wait(lambda line: text in line, repr(text))
        return line

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """End it, if it has not ended."""
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(line.rstrip("\n"))
        self.said.end()
