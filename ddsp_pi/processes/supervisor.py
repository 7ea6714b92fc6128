"""The supervisor: keeps engine and control (and Pd, if it is wanted) alive, and ends them together.

It must be small and must not fail, so it imports the standard library and the link and nothing else.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Protocol

from ddsp_pi.link.shared import Link
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.child import AWAY, BEGIN_ANEW, UNUSABLE_INPUT, Child, End, children
from ddsp_pi.processes.crashes import LOOP, Crashes
from ddsp_pi.processes.heartbeat import PATIENCE, Heartbeat, Patience

ENGINE = "engine"
"""The child whose heartbeat is the link's telemetry."""

OPTIONAL = frozenset({"pd"})
"""Children without which the others play on."""

LOOK_S = 0.1
"""How often the heartbeat is looked at. Ends of children and signals are noticed at once."""

NO_CRASH = frozenset({0, AWAY})
"""Exit codes of programs that wish to be started again."""

FOR_ALL = {
    UNUSABLE_INPUT: "starting it again would not help, so everything ends",
    BEGIN_ANEW: "everything begins anew",
}
"""Exit codes with which one ends all, and why."""

Say = Callable[[str], None]
Hear = Callable[[int, FrameType | None], None]


class Onlooker(Protocol):
    """Who wants to know how it goes."""

    def look(self, starting: bool) -> None:
        """Called about ten times a second; `starting`: whether no sign of life is to be expected yet."""


def _say(text: str) -> None:
    print(f"ddsp-pi: {text}", file=sys.stderr, flush=True)


class Supervisor:
    """Runs one program per command until it is told to stop, or until one finds its input unusable.

    One that is optional ends alone where its input is unusable.
    Each gets the link's file descriptor under the same number, and calls `lifeline.hold()` first
    thing. SIGTERM and SIGINT pass on as SIGTERM; what has not ended after a while is killed.
    """

    def __init__(
        self,
        link: Link,
        commands: Mapping[str, Sequence[str]],
        patience: Patience = PATIENCE,
        say: Say = _say,
        onlooker: Onlooker | None = None,
        crashes: Crashes | None = None,
        passed_on: Mapping[signal.Signals, str] | None = None,
    ) -> None:
        """Run these commands.

        Args:
            link: what they share.
            commands: by name; those called `engine` and `control` belong together.
            patience: how long what may take.
            say: for the log.
            onlooker: see Onlooker.
            crashes: when it gives up; None: never.
            passed_on: signals that are one child's affair, with its name; None: there are none.
        """
        self._children = children(commands, [link.fd], **{lifeline.SUPERVISOR: str(os.getpid())})
        self._heartbeat = Heartbeat(link.telemetry, patience, LOOK_S)
        self._patience, self._say = patience, say
        self._onlooker, self._crashes = onlooker, crashes
        self._passed_on = {n: partial(self._pass_on, name) for n, name in (passed_on or {}).items()}
        self._exit_code: int | None = None
        self.why = ""
        """Why it ended, if nobody asked for it."""

    def run(self) -> int:
        """Keep everything running; in the main thread. Returns the exit code: 0, BEGIN_ANEW, LOOP or 2."""
        with _Signals(self._passed_on) as signals:
            try:
                self._keep(signals)
            finally:
                self._stop(signals)
        return self._exit_code or 0

    def _keep(self, signals: "_Signals") -> None:
        for child in self._children:
            child.due_s = time.monotonic()
        while self._exit_code is None and not signals.stop:
            now_s = time.monotonic()
            for child in self._children:
                self._tend(child, now_s)
            self._show(starting=self._heartbeat.expected)
            signals.wait(self._pause_s())

    def _show(self, starting: bool) -> None:
        if self._onlooker is not None:
            self._onlooker.look(starting)

    def _pass_on(self, name: str, number: int, frame: FrameType | None) -> None:
        for child in self._children:
            if child.name == name:
                child.pass_on(number)

    def _tend(self, child: Child, now_s: float) -> None:
        end = child.end(now_s)
        if end is not None:
            self._after(child, end, now_s)
        if child.due_s is not None and child.due_s <= now_s and self._exit_code is None:
            self._start(child, now_s)
        elif child.name == ENGINE and child.pid is not None:
            self._watch(child, now_s)

    def _start(self, child: Child, now_s: float) -> None:
        if child.name == ENGINE:
            self._heartbeat.expect(now_s)
        try:
            child.start(now_s)
        except OSError as error:
            self._again(child, f"cannot be started ({error})", 0.0, now_s)

    def _watch(self, engine: Child, now_s: float) -> None:
        blame = self._heartbeat.stalled(now_s)
        if blame is not None:
            engine.kill(f"{blame} and was killed")

    def _after(self, child: Child, end: End, now_s: float) -> None:
        if end.code == UNUSABLE_INPUT and child.name in OPTIONAL:
            self._say(
                f"{child.name} {end.why}; starting it again would not help, the rest plays on without it"
            )
        elif end.code in FOR_ALL:
            self._end(end.code, child, end, FOR_ALL[end.code])
        elif self._is_loop(child, end, now_s):
            self._end(LOOP, child, end, "it has crashed too often")
        else:
            self._again(child, f"{end.why} after {end.lived_s:.1f} s", end.lived_s, now_s)

    def _is_loop(self, child: Child, end: End, now_s: float) -> bool:
        if self._crashes is None or child.name in OPTIONAL or end.code in NO_CRASH:
            return False
        return self._crashes.another(now_s)

    def _end(self, code: int, child: Child, end: End, why: str) -> None:
        self._exit_code, self.why = code, f"{child.name} {end.why}"
        self._say(f"{self.why}; {why}")

    def _again(self, child: Child, what: str, lived_s: float, now_s: float) -> None:
        delay_s = child.backoff.delay_s(lived_s)
        child.due_s = now_s + delay_s
        self._say(f"{child.name} {what}; it is started again {f'in {delay_s:.1f} s' if delay_s else 'now'}")

    def _pause_s(self) -> float:
        """Until the next look, or until the next start if that is sooner."""
        due = [child.due_s - time.monotonic() for child in self._children if child.due_s is not None]
        return max(min([LOOK_S, *due]), 0.0)

    def _stop(self, signals: "_Signals") -> None:
        for child in self._children:
            child.terminate()
        late = self._wait(signals, self._patience.stop_s)
        for child in late:
            child.kill("was killed")
            self._say(f"{child.name} did not end within {self._patience.stop_s:g} s and was killed")
        self._wait(signals, self._patience.stop_s)

    def _wait(self, signals: "_Signals", limit_s: float) -> list[Child]:
        """Wait for all to end; those that have not in time."""
        end_s = time.monotonic() + limit_s
        while True:
            now_s = time.monotonic()
            for child in self._children:
                child.end(now_s)
            late = [child for child in self._children if child.pid is not None]
            if not late or now_s >= end_s:
                return late
            self._show(starting=True)
            signals.wait(min(LOOK_S, end_s - now_s))


class _Signals:
    """Lets SIGTERM, SIGINT and the end of a child interrupt a wait; as it was before on exit."""

    def __init__(self, more: Mapping[signal.Signals, Hear]) -> None:
        self.stop, self._more = False, more

    def __enter__(self) -> "_Signals":
        self._hearing, self._ringing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._old_ringing = signal.set_wakeup_fd(self._ringing, warn_on_full_buffer=False)
        handlers = {
            signal.SIGTERM: self._hear,
            signal.SIGINT: self._hear,
            signal.SIGCHLD: _wake,
            **self._more,
        }
        self._old = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_ringing)
        os.close(self._hearing)
        os.close(self._ringing)

    def wait(self, limit_s: float) -> None:
        """Until a signal comes, at most so many seconds."""
        if select.select([self._hearing], [], [], limit_s)[0]:
            os.read(self._hearing, 4096)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.stop = True


def _wake(number: int, frame: FrameType | None) -> None:
    """Nothing to do: without a handler of its own SIGCHLD would not interrupt the wait."""
