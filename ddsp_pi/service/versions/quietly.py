"""Long commands beside a module that plays: out of its way, and what they say goes into a log."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEPT_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Quietly:
    """Runs commands that give way to everything else, one after the other."""

    log: Path

    def run(self, words: Sequence[str | Path], also: dict[str, str] | None = None) -> str:
        """Run a command to its end and return what it said; `also` is added to its environment.

        Raises:
            ChildProcessError: it failed; the message is what it said.
        """
        command = [*_aside(), *map(str, words)]
        with _begun(command, _environment() | (also or {})) as process:
            try:
                said, _ = process.communicate()
            except BaseException:
                # As subprocess.run has it: who is unwound leaves nothing running.
                process.kill()
                raise
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{said}\n")
        if process.returncode:
            raise ChildProcessError(said.strip() or f"{words[0]} ended with {process.returncode}")
        return said

    def say_where(self, said: str) -> str:
        """The errors among the last lines of a command, and where the others are."""
        lines = said.strip().splitlines()
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        return f"{'; '.join(errors or lines[-1:])[:KEPT_CHARACTERS]} (all of it is in {self.log})"


def _begun(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    with _deaf_to_hangups():
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # What is installed is for the service's user to read, whatever the umask of who calls.
            umask=0o022,
            # A lost connection is no reason to end.
            start_new_session=True,
        )


@contextmanager
def _deaf_to_hangups() -> Iterator[None]:
    """What is started meanwhile is deaf, too: it could be hit before it has a session of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _aside() -> list[str]:
    """Words before a command that let it wait for everything else, disk included."""
    idle_disk = ["ionice", "-c", "3"] if shutil.which("ionice") else []
    return ["nice", "-n", "19", *idle_disk]


def _environment() -> dict[str, str]:
    """Ours without what would lead another Python into our own packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    said = {"LC_ALL": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    return kept | said | {"PIP_ROOT_USER_ACTION": "ignore"}
