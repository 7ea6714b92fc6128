"""Look at everything, and say it: for people by section, for programs as a list, for the docs as a table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ddsp_pi.config import Config, load_config
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.rack.boards import AUTO, find_board
from ddsp_pi.service.bootfiles import read_boot
from ddsp_pi.service.checks import CHECKS
from ddsp_pi.service.detect import Detected, detect_board, detect_codec
from ddsp_pi.service.findings import Check, Finding, Status, fault, skipped
from ddsp_pi.service.host import Host
from ddsp_pi.service.view import Probes, View, Wish

MARKS = {Status.OK: "✓", Status.WARNING: "!", Status.FAULT: "✗", Status.SKIPPED: "·"}
_COUNTED = {
    Status.FAULT: ("fault", "faults"),
    Status.WARNING: ("warning", "warnings"),
    Status.OK: ("fine", "fine"),
    Status.SKIPPED: ("not applicable here", "not applicable here"),
}
"""One, and several."""


@dataclass(frozen=True, slots=True)
class Report:
    """A check and what it found."""

    check: Check
    finding: Finding

    @property
    def plain(self) -> dict[str, Any]:
        """Everything in words, for JSON."""
        check, finding = self.check, self.finding
        return {
            "name": check.name,
            "section": check.section,
            "title": check.title,
            "status": str(finding.status),
            "found": finding.found,
            "why": finding.why or check.why,
            "mend": [str(mend) for mend in finding.mend],
            "by_hand": finding.by_hand,
            "then": finding.then,
        }


def make_view(
    host: Host,
    probes: Probes,
    config_file: Path | None = None,
    board: str | None = None,
    wish: Wish | None = None,
) -> View:
    """What the checks look at.

    Args:
        host: the system.
        probes: asks the parts.
        config_file: the settings; None: the packaged defaults.
        board: instead of the one in the settings.
        wish: what is to be brought about.

    Raises:
        BoardError: `board` is none that there is.
    """
    config, said = _read_config(config_file)
    wanted = board or (AUTO if config is None else config.rack.board)
    found = Detected(board, "as you said") if board else _wanted(host, wanted)
    try:
        spec = None if found.name is None else find_board(found.name)
    except BoardError as error:
        if board:
            raise
        spec, found = None, Detected(None, f"rack.board: {error}")
    missing = spec is None and wanted != AUTO
    return View(host, probes, read_boot(host), config, said, spec, found.reason, missing, wish)


def _read_config(file: Path | None) -> tuple[Config | None, str]:
    try:
        config = load_config(file)
    except ConfigError as error:
        return None, str(error)
    return config, f"{file or 'the packaged defaults'}: fine"


def _wanted(host: Host, wanted: str) -> Detected:
    """While SPI is off, the codec still tells which board it will be."""
    if wanted != AUTO:
        return Detected(wanted, "named in rack.board")
    found, by_codec = detect_board(host), detect_codec(host)
    return by_codec if found.name is None and by_codec.name is not None else found


def examine(view: View, checks: Sequence[Check] = CHECKS) -> list[Report]:
    """Look at everything. A check that fails is a finding too."""
    return [Report(check, _look(check, view)) for check in checks]


def _look(check: Check, view: View) -> Finding:
    try:
        for need in check.needs:
            if unmet := need(view):
                return skipped(unmet)
        return check.look(view)
    except Exception as error:
        return fault(
            f"the check '{check.name}' failed: {type(error).__name__}: {error}",
            by_hand="the others count all the same; please report this one",
        )


def in_words(reports: Sequence[Report]) -> str:
    """A line for each check; reason and remedy under those that need one."""
    width = max(len(report.check.title) for report in reports)
    lines = []
    for section, rows in groupby(reports, key=lambda report: report.check.section):
        lines += ["", section]
        lines += [line for row in rows for line in _row(row, width)]
    return "\n".join([*lines[1:], "", _summary(reports)])


def _row(report: Report, width: int) -> Iterator[str]:
    check, finding = report.check, report.finding
    yield f"  {MARKS[finding.status]} {check.title:<{width}}  {finding.found}"
    if finding.status not in (Status.WARNING, Status.FAULT):
        return
    indent = " " * (width + 6)
    yield f"{indent}why:  {finding.why or check.why}"
    if finding.by_hand:
        yield f"{indent}do:   {finding.by_hand}"
    yield from (f"{indent}run:  {command}" for command in finding.mend)
    if finding.then:
        yield f"{indent}then: {finding.then}"


def _summary(reports: Sequence[Report]) -> str:
    counted = Counter(report.finding.status for report in reports)
    said = [f"{n} {_COUNTED[status][n > 1]}" for status in _COUNTED if (n := counted[status])]
    return ", ".join(said)


def as_table(checks: Sequence[Check] = CHECKS) -> str:
    """What there is to look at, as a Markdown table."""
    rows = [("check", "looks at", "because"), ("---",) * 3]
    rows += [(f"`{check.name}`", f"{check.section}: {check.title}", check.why) for check in checks]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
