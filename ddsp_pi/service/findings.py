"""A check, and what it finds: shared by all who look after a system."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ddsp_pi.service.view import View

REBOOT = "sudo reboot"
LOGIN = "log out and in again"


class Status(StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"
    """It plays, but not as well or as safely as it could."""
    FAULT = "fault"
    SKIPPED = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    status: Status
    found: str
    why: str = ""
    """Why it matters, where that is not what the check says of itself."""
    mend: tuple[str, ...] = ()
    """Shell commands that mend it, in order."""
    by_hand: str = ""
    """What no command can do."""
    then: str = ""
    """What it takes for the mending to count."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at."""

    name: str
    section: str
    title: str
    why: str
    look: Callable[[View], Finding]
    needs: tuple[Callable[[View], str], ...] = ()
    """What must be so for the check to make sense; each says why it is not, or nothing."""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, found)


def skipped(found: str) -> Finding:
    """There is nothing to look at, or no way to."""
    return Finding(Status.SKIPPED, found)


def warning(found: str, *mend: str, by_hand: str = "", then: str = "", why: str = "") -> Finding:
    """It plays all the same."""
    return Finding(Status.WARNING, found, why, mend, by_hand, then)


def fault(found: str, *mend: str, by_hand: str = "", then: str = "", why: str = "") -> Finding:
    """It will not play as it should."""
    return Finding(Status.FAULT, found, why, mend, by_hand, then)
