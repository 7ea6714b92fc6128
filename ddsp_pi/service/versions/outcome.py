"""How the last update ended, for whom the connection was lost meanwhile: in a file and in the journal."""

import syslog
from contextlib import suppress
from pathlib import Path

import msgspec

from ddsp_pi.files import write_whole

# Beside the program, which only root writes: in the data folder others could lead the file elsewhere.
FILE = "update.json"


class Outcome(msgspec.Struct, frozen=True):
    """One change of version, or the attempt."""

    when: float
    """Unix time."""
    old: str
    new: str
    fault: str
    """Why the new one was not kept; empty: it was."""

    @property
    def words(self) -> str:
        """As a sentence."""
        if self.fault:
            return f"{self.new} was not kept: {self.fault}. {self.old} is the version again"
        return f"{self.new} plays; before it was {self.old}"


def remember(folder: Path, outcome: Outcome) -> None:
    """Keep it, and say it in the journal."""
    syslog.openlog("ddsp-pi")
    syslog.syslog(syslog.LOG_WARNING if outcome.fault else syslog.LOG_NOTICE, outcome.words)
    write_whole(folder / FILE, msgspec.json.encode(outcome) + b"\n")


def recall(folder: Path) -> Outcome | None:
    """The last one; None: there was none."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Outcome)
    return None
