"""Everything that is not as it should be, mended in order; and what is left for hands."""

import signal
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType

from ddsp_pi.errors import DdspPiError
from ddsp_pi.service.checks import CHECKS
from ddsp_pi.service.doctor import Report, examine
from ddsp_pi.service.findings import REBOOT, Check, Status
from ddsp_pi.service.mends import Mend, Program, by_setup, in_short
from ddsp_pi.service.view import View

Look = Callable[[bool], View]
"""The system as it is now; whether the service is to be started."""

TROUBLE = (Status.WARNING, Status.FAULT)

OF_THIS_PYTHON = {"python", "bits", "onnxruntime", "kernel", "spidev", "gpio-library", "instruments"}
"""Checks of the environment that asks, which is not the one that will play."""

WORKED = [check for check in CHECKS if check.name not in OF_THIS_PYTHON]
"""What setup looks at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    done: tuple[Report, ...]
    """What was mended."""
    failed: tuple[str, ...]
    """What did not work, and why."""
    left: tuple[Report, ...]
    """What is not as it should be after all."""


def duties(report: Report) -> list[Mend]:
    """What setup does about a finding by itself."""
    return by_setup(report.finding.mend) if report.finding.status in TROUBLE else []


def wanted(checks: Sequence[Check], options: Container[str]) -> list[Check]:
    """Those without an option, or with one that was given."""
    return [check for check in checks if not check.option or check.option in options]


def first_look(look: Look, checks: Sequence[Check]) -> list[Report]:
    """All findings before anything is done; a system that has to be started again starts the service then."""
    reports = examine(look(True), checks)
    return examine(look(False), checks) if _waits(reports) else reports


def bring_about(
    checks: Sequence[Check],
    look: Look,
    apply: Callable[[Mend], None],
    say: Callable[[str], None],
) -> Outcome:
    """Look at one thing after the other, each after what stands before it was mended.

    Raises:
        KeyboardInterrupt: whoever watches has had enough; what was begun is finished and written down.
    """
    done, failed, seen = list[Report](), list[str](), list[Report]()
    view = look(True)
    for check in checks:
        (report,) = examine(view, [check])
        seen.append(report)
        mends = duties(report)
        if mends:
            say(f"{check.title}: {report.finding.found}")
            failure = _mended(mends, apply, say)
            if failure:
                failed.append(f"{check.title}: {failure}")
            else:
                done.append(report)
        if mends or report.finding.then == REBOOT:
            view = look(not _waits(seen))
    left = [report for report in examine(look(not _waits(seen)), checks) if report.finding.status in TROUBLE]
    return Outcome(tuple(done), tuple(failed), tuple(left))


def _mended(mends: Sequence[Mend], apply: Callable[[Mend], None], say: Callable[[str], None]) -> str:
    """Do all of it; why it went no further, or nothing."""
    for mend in mends:
        say(f"  {in_short(mend)}")
        try:
            # A version that is not whole is no harm, and it takes minutes.
            with nullcontext() if isinstance(mend, Program) else undisturbed(say):
                apply(mend)
        except (OSError, DdspPiError) as error:
            say(f"  that failed: {error}")
            return str(error)
    return ""


def _waits(reports: Sequence[Report]) -> bool:
    """Whether something counts only after a restart of the system."""
    return any(report.finding.then == REBOOT for report in reports)


@contextmanager
def undisturbed(say: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C waits for the end of the block."""
    asked = list[int]()

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        say("  stopping after this step")

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
