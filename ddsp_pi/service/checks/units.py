"""What systemd is told: the units, as they ship, enabled; and where the journal is kept."""

from collections.abc import Iterator

from ddsp_pi.places import PROGRAM, UNITS
from ddsp_pi.service.findings import Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.mends import Command, Remedy, Whole
from ddsp_pi.service.shipping import units, wanted_by
from ddsp_pi.service.view import View, as_service

SECTION = "Module"

_MASKED = "/dev/null"
"""Where a unit leads that its owner wants never to be started."""

_JOURNAL = "/etc/systemd/journald.conf.d/ddsp-pi.conf"
_KEPT = "/var/log/journal"
_JOURNAL_TEXT = """\
# By ddsp-pi setup: what was said before a power cut is there after it. It never fills the card.
[Journal]
Storage=persistent
SystemMaxUse=32M
"""


def _units(view: View) -> Finding:
    ours = [unit for unit in units() if view.host.link(f"{UNITS}/{unit.name}") != _MASKED]
    stale = [unit for unit in ours if _text(view, unit.name) != unit.read_text("utf-8").strip()]
    off = [unit.name for unit in ours if not _enabled(view, unit.name, unit.read_text("utf-8"))]
    if not stale and not off:
        return ok(f"{len(ours)}, as they ship, enabled")
    said = [f"not as they ship: {', '.join(unit.name for unit in stale)}"] if stale else []
    said += [f"not enabled: {', '.join(off)}"] if off else []
    files = [Whole(f"{UNITS}/{unit.name}", unit.read_text("utf-8"), str(unit)) for unit in stale]
    return fault("; ".join(said), *files, *([_reload()] if stale else []), *_enabling(off))


def _reload() -> Command:
    """Those that nothing enables are stopped when they go: safe mode may be what plays."""
    loose = [unit.name for unit in units() if not wanted_by(unit.read_text("utf-8"))]
    return Command("systemctl daemon-reload", f"systemctl stop {' '.join(loose)}")


def _text(view: View, name: str) -> str | None:
    return view.host.text(f"{UNITS}/{name}")


def _enabled(view: View, name: str, text: str) -> bool:
    wanting = wanted_by(text)
    return not wanting or view.host.exists(f"{UNITS}/{wanting}.wants/{name}")


def _enabling(names: list[str]) -> Iterator[Remedy]:
    yield from (Command(f"systemctl enable {name}", f"systemctl disable --now {name}") for name in names)


def _journal(view: View) -> Finding:
    if not view.host.exists("/etc/systemd"):
        return skipped("there is no systemd")
    if view.host.text(_JOURNAL) == _JOURNAL_TEXT.strip():
        return ok(f"kept in {_KEPT}, 32 MB at most")
    # The folder that goes last was made first.
    back = f"rm -rf {_KEPT}; systemctl try-restart systemd-journald"
    folder = [] if view.host.exists(_KEPT) else [Command(f"mkdir -p {_KEPT}", back)]
    restart = Command("systemctl try-restart systemd-journald")
    return warning(
        "a power cut may take the journal with it", *folder, Whole(_JOURNAL, _JOURNAL_TEXT), restart
    )


CHECKS = (
    Check(
        "units",
        SECTION,
        "units",
        f"they start what is in {PROGRAM}/current when the case is switched on, and again if it falls",
        _units,
        (as_service,),
    ),
    Check(
        "journal",
        SECTION,
        "journal",
        "what went wrong before the power was cut is read in it",
        _journal,
        (as_service,),
    ),
)
