"""A check, and what it finds: shared by all who look after a system."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ddsp_pi.service.mends import Remedy
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
    mend: tuple[Remedy, ...] = ()
    """What mends it, in order. A plain text is a command to decide about; the rest setup does by itself."""
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
    option: str = ""
    """The option that setup must be given to do what is told; empty: it does it by itself."""


def ok(found: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, found)


def skipped(found: str) -> Finding:
    """There is nothing to look at, or no way to."""
    return Finding(Status.SKIPPED, found)


def warning(found: str, *mend: Remedy, by_hand: str = "", then: str = "", why: str = "") -> Finding:
    """It plays all the same."""
    return Finding(Status.WARNING, found, why, mend, by_hand, then)


def fault(found: str, *mend: Remedy, by_hand: str = "", then: str = "", why: str = "") -> Finding:
    """It will not play as it should."""
    return Finding(Status.FAULT, found, why, mend, by_hand, then)
