"""One file for a bug report: what there is to know of a module, and nothing of its owner."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from ddsp_pi import __version__
from ddsp_pi.config import load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.places import PROGRAM, SERVICE, last_good_file
from ddsp_pi.service.host import Host
from ddsp_pi.service.last_minute import Line
from ddsp_pi.service.redact import redacted

LIBRARIES = ("numpy", "onnxruntime", "sounddevice", "python-osc", "msgspec", "PyYAML", "spidev", "gpiod")
"""Whose versions matter most."""

JOURNAL = ("journalctl", "--no-pager", "--no-hostname", "-o", "short-iso", "-u", "ddsp-pi*")
NOW, BEFORE = ("-b", "-n", "400"), ("-b", "-1", "-n", "200")
"""Of this start of the system, and of the one before, which may have ended badly."""

SHOWN = "ActiveState,SubState,Result,NRestarts,ExecMainStartTimestamp,StatusText,MemoryCurrent,CPUUsageNSec"


USUAL_NAMES = frozenset(("", "pi", "raspberrypi", "localhost", "ddsp-pi"))
"""What everybody's machine is called tells nothing."""

COLUMNS = f"{'time':<9}{'mode':<10}{'plays':<6}{'load':>6}{'worst':>7}{'xruns':>7}{'engine':>8}  instrument"


class Section(NamedTuple):
    """A part of the report."""

    title: str
    text: Callable[[], str]


def make_report(sections: Sequence[Section], names: tuple[str, ...]) -> str:
    """The sections as Markdown; one that fails says so in its place. `names`: to be left out."""
    parts = [f"# ddsp-pi {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"]
    parts += [f"## {section.title}\n\n```\n{_text(section)}\n```\n" for section in sections]
    return redacted("\n".join(parts), names)


def _text(section: Section) -> str:
    try:
        # A fence inside would end ours.
        return section.text().strip().replace("```", "'''") or "nothing"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"


def own_names(host: Host) -> tuple[str, ...]:
    """What the people call themselves who have accounts here, and the machine."""
    rows = [line.split(":") for line in host.lines("/etc/passwd")]
    people = [row[0] for row in rows if len(row) > 5 and row[5].startswith("/home/")]
    machine = host.text("/etc/hostname") or ""
    return tuple(name for name in (*people, machine) if name not in USUAL_NAMES)


def versions(host: Host) -> str:
    """Of everything that plays a part."""
    system = next((line for line in host.lines("/etc/os-release") if line.startswith("PRETTY_NAME=")), "")
    rows = {
        "ddsp-pi": f"{__version__} in {Path(sys.prefix)}",
        "installed": ", ".join(_installed(host)) or "not as a service",
        "computer": host.model or host.text("/proc/sys/kernel/arch") or "not known",
        "system": system.partition("=")[2].strip('"'),
        "kernel": f"{host.text('/proc/sys/kernel/osrelease')} {host.text('/proc/sys/kernel/version')}",
        "Python": ".".join(map(str, host.python)),
        **{name: _version(name) for name in LIBRARIES},
    }
    return "\n".join(f"{name:<12} {said}" for name, said in rows.items())


def _installed(host: Host) -> Iterator[str]:
    marks = {host.link(f"{PROGRAM}/{mark}").rpartition("/")[2]: mark for mark in ("previous", "current")}
    for path in host.glob(f"{PROGRAM}/versions/*"):
        name = path.rpartition("/")[2]
        yield f"{name} ({marks[name]})" if name in marks else name


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def settings(file: Path | None) -> str:
    """The file as it is written, and whether it can be used."""
    if file is None:
        return "the packaged defaults"
    text = file.read_text("utf-8", "replace")
    return f"{file}: {_verdict(file)}\nlast good copy: {_verdict(last_good_file())}\n\n{text}"


def _verdict(file: Path) -> str:
    if not file.exists():
        return "there is none"
    try:
        load_config(file)
    except ConfigError as error:
        return str(error)
    return "fine"


def service(host: Host) -> str:
    """What systemd says."""
    return host.run(("systemctl", "show", SERVICE, f"--property={SHOWN}")).out


def journal(host: Host) -> str:
    """What was said last, and before the last start of the system."""
    parts = {"this start": host.run((*JOURNAL, *NOW)), "the start before": host.run((*JOURNAL, *BEFORE))}
    return "\n\n".join(f"-- {which}\n{said.out or said.err}" for which, said in parts.items())


def telemetry(lines: Sequence[Line]) -> str:
    """The last minute as a table, a row for each second."""
    if not lines:
        return "no service runs, or none of its lines can be read"
    rows = [COLUMNS]
    for line in lines:
        at = datetime.fromtimestamp(line.time_s, UTC)
        plays = "yes" if line.playing else "no"
        figures = f"{line.load:>6.1%}{line.worst_load:>7.0%}{line.xruns:>7}{line.engine:>8}"
        rows.append(f"{at:%H:%M:%S} {line.mode:<10}{plays:<6}{figures}  {line.instrument}")
    trouble = lines[-1].trouble
    return "\n".join([*rows, *([f"trouble: {trouble}"] if trouble else [])])
