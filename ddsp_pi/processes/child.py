"""Child: a program that is started again whenever it ends."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

UNUSABLE_INPUT = 2
"""The exit code that says: it would end the same way every time."""


BEGIN_ANEW = 3
"""The exit code that says: the settings have changed so much that everything must begin anew."""

AWAY = 75
"""The exit code that says: what it plays through has gone, as when a sound card is pulled out. No crash."""


class Backoff:
    """How long to wait before a program that ended is started again.

    Not at all the first time; after that, one that keeps ending soon is started at most twice a second.
    """

    SETTLED_S = 5.0
    """A program that lived longer than this is as good as new."""
    APART_S = 0.5

    def __init__(self) -> None:
        self._soon = 0

    def delay_s(self, lived_s: float) -> float:
        """Seconds to wait, for a program that ended after that many."""
        self._soon = 1 if lived_s > self.SETTLED_S else self._soon + 1
        return 0.0 if self._soon == 1 else max(self.APART_S - lived_s, 0.0)


class End(NamedTuple):
    """How a program ended."""

    code: int
    """Exit code, or minus the number of the signal."""
    why: str
    lived_s: float


class Child:
    """One program, at most one process of it at a time. Times are seconds of one monotonic clock."""

    def __init__(self, name: str, argv: Sequence[str], fds: Sequence[int], env: Mapping[str, str]) -> None:
        self.name = name
        self.backoff = Backoff()
        self._argv, self._fds, self._env = argv, tuple(fds), dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._blame = ""
        self.due_s: float | None = None
        """When it is to be started; None while it runs or is to stay away."""

    @property
    def pid(self) -> int | None:
        """The process, None while there is none."""
        return self._process.pid if self._process else None

    def start(self, now_s: float) -> None:
        """Start the program; in the main thread.

        Raises:
            OSError: the system cannot.
        """
        self.due_s, self._started_s, self._blame = None, now_s, ""
        # It is deaf to hangups until it listens for them itself: one that came sooner would end it.
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            # A group of its own: Ctrl-C must not reach it before the supervisor, and end it without a fade.
            self._process = subprocess.Popen(
                self._argv, pass_fds=self._fds, env=self._env, stdin=subprocess.DEVNULL, process_group=0
            )
        finally:
            signal.signal(signal.SIGHUP, before)

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process:
            self._process.terminate()

    def pass_on(self, number: int) -> None:
        """Send it a signal."""
        if self._process:
            self._process.send_signal(number)

    def kill(self, blame: str) -> None:
        """End it without asking, and remember why."""
        if self._process:
            self._blame = blame
            self._process.kill()

    def end(self, now_s: float) -> End | None:
        """How its process ended; None while there is one, and again once this was told."""
        code = None if self._process is None else self._process.poll()
        if code is None:
            return None
        self._process = None
        return End(code, self._blame or _why(code), now_s - self._started_s)


def children(commands: Mapping[str, Sequence[str]], fds: Sequence[int], **env: str) -> list[Child]:
    """One child per command, all with these open files and additions to the environment."""
    return [Child(name, argv, fds, {**os.environ, **env}) for name, argv in commands.items()]


def _why(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
