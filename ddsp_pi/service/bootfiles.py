"""What the firmware of a Raspberry Pi is told in config.txt, and the kernel in cmdline.txt."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ddsp_pi.service.host import Host
from ddsp_pi.service.mends import Commented, SectionLine

NEW_FOLDER = "/boot/firmware"
"""Since Pi OS bookworm."""

OLD_FOLDER = "/boot"

_ANY, _NEVER = r"", r"(?!)"
_SECTIONS = {
    "all": _ANY,
    "none": _NEVER,
    "pi5": r"Raspberry Pi (5|Compute Module 5)",
    "pi500": r"Raspberry Pi 500",
    "cm5": r"Compute Module 5",
    "pi4": r"Raspberry Pi (4|Compute Module 4)",
    "pi400": r"Raspberry Pi 400",
    "cm4": r"Compute Module 4",
    "pi3": r"Raspberry Pi (3|Compute Module 3)",
    "pi3+": r"Raspberry Pi 3 Model .\+|Raspberry Pi 3 Model . Plus",
    "cm3": r"Compute Module 3",
    "pi2": r"Raspberry Pi 2",
    "pi02": r"Raspberry Pi Zero 2",
    "pi0w": r"Raspberry Pi Zero (W|2)",
    "pi0": r"Raspberry Pi Zero",
    "pi1": r"Raspberry Pi (Model|Compute Module Rev)",
    "cm1": r"Raspberry Pi Compute Module Rev",
}
"""For which model a section of config.txt counts. Others (a pin, a screen) are taken as met."""


class BootLine(NamedTuple):
    """One setting of config.txt. A line with several gives several."""

    number: int
    key: str
    value: str
    section: str
    applies: bool
    """Whether its section counts on this model."""

    def __str__(self) -> str:
        return f"{self.key}={self.value}"

    @property
    def overlay(self) -> str:
        """The name of the overlay without its parameters, empty if the line brings none."""
        return re.split("[,:]", self.value)[0] if self.key == "dtoverlay" else ""

    @property
    def param(self) -> tuple[str, bool]:
        """The device-tree parameter that is switched, and whether it is switched on."""
        name, _, value = self.value.partition("=")
        return (name if self.key == "dtparam" else ""), value.lower() in ("", "on", "true", "yes", "1")


@dataclass(frozen=True, slots=True)
class BootFiles:
    """The files that count, and what stands in those that do not."""

    folder: str
    lines: tuple[BootLine, ...]
    stale: str
    """A second config.txt, which the firmware does not read."""
    stale_lines: tuple[BootLine, ...]

    @property
    def config(self) -> str:
        """The config.txt that the firmware reads."""
        return f"{self.folder}/config.txt"

    @property
    def cmdline(self) -> str:
        """Where the kernel's arguments stand."""
        return f"{self.folder}/cmdline.txt"

    def params(self, name: str) -> list[BootLine]:
        """Every line that switches a device-tree parameter, on or off, whether it applies or not."""
        return [line for line in self.lines if line.param[0] == name]

    def switched_on(self, name: str) -> bool:
        """Whether a device-tree parameter is on in the end."""
        states = [line.param[1] for line in self.params(name) if line.applies]
        return bool(states) and states[-1]

    def overlays(self) -> list[BootLine]:
        """The lines that bring an overlay, whether they apply or not."""
        return [line for line in self.lines if line.overlay]

    def values(self, key: str) -> list[str]:
        """What a plain setting such as enable_uart is given, in order."""
        return [line.value for line in self.lines if line.key == key and line.applies]

    def add(self, line: str) -> SectionLine:
        """What adds a line."""
        return SectionLine(self.config, line)

    def comment(self, line: BootLine) -> Commented:
        """What takes a setting out."""
        return Commented(self.config, str(line))


def read_boot(host: Host) -> BootFiles | None:
    """The boot files of a Raspberry Pi; None: there are none."""
    folder = _folder(host)
    if not host.exists(f"{folder}/config.txt"):
        return None
    other = f"{OLD_FOLDER if folder == NEW_FOLDER else NEW_FOLDER}/config.txt"
    # A link to the right file is no second one.
    stale = other if host.exists(other) and not host.link(other) else ""
    read = {name: tuple(_lines(host, name)) for name in (f"{folder}/config.txt", stale)}
    return BootFiles(folder, read[f"{folder}/config.txt"], stale, read[stale])


def _folder(host: Host) -> str:
    """Where the partition is mounted that the firmware reads."""
    mounted = {line.split()[1] for line in host.lines("/proc/mounts") if len(line.split()) > 1}
    for folder in (NEW_FOLDER, OLD_FOLDER):
        if folder in mounted:
            return folder
    return NEW_FOLDER if host.exists(f"{NEW_FOLDER}/config.txt") else OLD_FOLDER


def _lines(host: Host, name: str) -> Iterator[BootLine]:
    section = "all"
    for number, text in enumerate(host.lines(name) if name else [], 1):
        row = text.partition("#")[0].strip()
        if row.startswith("["):
            section = row.strip("[]").lower()
            continue
        key, equals, value = row.partition("=")
        if equals:
            applies = re.search(_SECTIONS.get(section, _ANY), host.model) is not None
            yield from (
                BootLine(number, key.strip(), each, section, applies) for each in _each(key, value.strip())
            )


def _each(key: str, value: str) -> list[str]:
    """dtparam takes several parameters in one line, the rest is one value."""
    return value.split(",") if key.strip() == "dtparam" else [value]
