"""Commands whose output goes into a log, and steps that say how far they are."""

import argparse
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TAIL_LINES = 15
"""Of a failed command, shown at once; the rest is in the log."""


class StepError(Exception):
    """A step could not be done; the message says what to do next."""


class Shell:
    """Runs commands and keeps what they print."""

    def __init__(self, log: Path) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")

    def run(self, *command: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
        """Run a command to its end; returns the last line that it printed.

        Raises:
            StepError: it failed, or there is no such command.
        """
        words = [str(word) for word in command]
        begun = self.log.stat().st_size
        with self.log.open("ab") as log:
            log.write(f"\n$ {shlex.join(words)}\n".encode())
            log.flush()
            try:
                code = subprocess.run(
                    words, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                ).returncode
            except FileNotFoundError:
                raise StepError(f"{words[0]}: no such command") from None
        said = self.log.read_bytes()[begun:].decode(errors="replace").splitlines()
        if code:
            raise StepError("\n".join([f"{words[0]} failed ({code}):", *said[-TAIL_LINES:]]))
        return said[-1]


def step_parser(title: str, doc: str | None, steps: Sequence[str]) -> argparse.ArgumentParser:
    """The command line of `make TITLE`: `only` are the steps that are wanted, all if none is named."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.{title}", description=doc)
    parser.add_argument("--only", nargs="+", choices=steps, default=steps)
    return parser


def walk(
    steps: Mapping[str, tuple[str, Callable[[], object]]],
    only: Sequence[str],
    log: Path,
    title: str = "arm64",
) -> bool:
    """Do the wanted steps of `name: (what it does, how)` in the table's order; False if one failed."""
    wanted = [name for name in steps if name in only]
    for number, name in enumerate(wanted, start=1):
        what, do = steps[name]
        print(f"{title} {number}/{len(wanted)}  {what} …", flush=True)
        begun = time.monotonic()
        try:
            do()
        except StepError as error:
            print(f"\n{title}: step '{name}' ({what}) failed: {error}\nEverything it said: {log}", flush=True)
            return False
        print(f"{title} {number}/{len(wanted)}  done in {time.monotonic() - begun:.0f} s", flush=True)
    return True
