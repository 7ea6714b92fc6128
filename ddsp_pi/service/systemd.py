"""The service as systemd sees it: its state, starting it anew, and what it last said."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.places import SERVICE
from ddsp_pi.service.host import NOT_INSTALLED, TOOK_TOO_LONG, Result, Run

BOOTED = Path("/run/systemd/system")
"""There while systemd runs a system; what stands in it is forgotten with the next boot."""

PATIENCE_S = 300.0
"""Longest wait for a command: a service has its own, shorter, limits."""


def run_patiently(words: Sequence[str]) -> Result:
    """Run a command that may wait for a service; one that is missing or hangs has a code of its own."""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            # A lost connection or Ctrl-C is for us alone.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return Result(TOOK_TOO_LONG, err=f"{words[0]} did not answer within {PATIENCE_S:g} s")
    except OSError as error:
        return Result(NOT_INSTALLED, err=f"{words[0]}: {error.strerror}")
    return Result(done.returncode, done.stdout, done.stderr)


class Unit(NamedTuple):
    """A service at one moment."""

    active: str
    main_pid: int
    restarts: int
    """How often systemd started it anew by itself."""


class Systemd:
    """Asks systemd about our service, and tells it what to do."""

    def __init__(self, run: Run = run_patiently, service: str = SERVICE) -> None:
        self._run, self._service = run, service

    def look(self) -> Unit:
        """How the service is now; what systemd does not say is empty or 0."""
        facts = self._facts("ActiveState", "MainPID", "NRestarts")
        return Unit(
            facts.get("ActiveState", ""), int(facts.get("MainPID") or 0), int(facts.get("NRestarts") or 0)
        )

    def start_id(self) -> str:
        """What the journal calls the last start by."""
        return self._facts("InvocationID").get("InvocationID", "")

    def reload(self) -> None:
        """Read the units again.

        Raises:
            ChildProcessError: systemd does not answer.
        """
        done = self._run(["systemctl", "daemon-reload"])
        if done.code:
            raise ChildProcessError(f"systemctl daemon-reload: {done.err.strip()}")

    def restart(self) -> str:
        """Start the service anew and wait until it is ready; why it is not, empty if it is."""
        done = self._run(["systemctl", "restart", self._service])
        if not done.code:
            return ""
        said = [*done.err.strip().splitlines(), f"systemctl ended with {done.code}"][0]
        return f"it did not become ready ({said.rstrip('.')})"

    def clear(self, *others: str) -> None:
        """Stop other units and forget that any failed, so that nothing is in the way of a start."""
        for other in others:
            self._run(["systemctl", "stop", other])
        self._run(["systemctl", "reset-failed", self._service, *others])

    def journal(self, start_id: str, lines: int) -> list[str]:
        """The last lines that the service itself said in one of its starts."""
        if not start_id:
            return []
        words = ("--output=cat", "--no-pager", f"--lines={lines}", f"_SYSTEMD_INVOCATION_ID={start_id}")
        return self._run(["journalctl", *words]).out.splitlines()

    def _facts(self, *names: str) -> dict[str, str]:
        lines = self._run(["systemctl", "show", f"--property={','.join(names)}", self._service]).out
        return dict(line.partition("=")[::2] for line in lines.splitlines())
