"""A release as it arrives: one wheel, looked at closely before anything is installed from it."""

import hashlib
import re
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.errors import ConfigError

FILES = "ddsp_pi-*.whl"
"""What our wheels are called."""

_FILE_NAME = re.compile(
    r"(?P<package>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_VERSION = re.compile(r"(?P<release>\d+(\.\d+)*)((?P<early>a|b|rc)(?P<number>\d+))?(?P<dev>\.dev\d+)?")


class Computer(NamedTuple):
    """What a wheel has to fit."""

    python: tuple[int, int]
    machine: str
    """As in the names of wheels: `aarch64`, `x86_64`."""


def this_computer() -> Computer:
    """The one that this program runs on."""
    machine = sysconfig.get_platform().removeprefix("linux-").replace("-", "_")
    return Computer(sys.version_info[:2], machine)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of ours that is whole and fits this computer."""

    path: Path
    version: str
    sha256: str
    extras: frozenset[str]
    """Those that it knows."""

    @property
    def name(self) -> str:
        """What it is called once it is installed: two wheels of one version are told apart."""
        return f"{self.version}-{self.sha256[:8]}"


def open_wheel(path: Path, computer: Computer | None = None) -> Wheel:
    """Look at a wheel without installing anything.

    Raises:
        ConfigError: it is no wheel of ours, damaged, or for another computer; the message says which.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    parts = _FILE_NAME.fullmatch(path.name)
    if parts is None or parts["package"] != "ddsp_pi":
        raise ConfigError(f"{path}: this is no wheel of ddsp-pi; its name would be {FILES}")
    _check_tags(path, parts, computer or this_computer())
    sha256 = _checked_sum(path)
    metadata = _metadata(path, parts["version"])
    _check_python(path, metadata, computer or this_computer())
    return Wheel(path, parts["version"], sha256, frozenset(metadata.get_all("Provides-Extra") or ()))


def newest_wheel(folder: Path) -> Wheel:
    """The newest of our wheels in a folder that fits this computer.

    Raises:
        ConfigError: there is none, or none that fits; the message says why the newest does not.
    """
    found = sorted(folder.glob(FILES), key=_age, reverse=True)
    if not found:
        raise ConfigError(f"{folder}: there is no wheel of ddsp-pi in this folder ({FILES})")
    refusals = []
    for path in found:
        try:
            return open_wheel(path)
        except ConfigError as error:
            refusals.append(error)
    raise refusals[0]


def version_order(version: str) -> tuple[object, ...]:
    """Sorts versions: 0.9 before 0.10, and 1.0rc1 before 1.0."""
    parts = _VERSION.match(version)
    if parts is None:
        return ((),)
    release = tuple(int(part) for part in parts["release"].split("."))
    return release, not parts["dev"], parts["early"] or "z", int(parts["number"] or 0)


def _age(path: Path) -> tuple[object, ...]:
    parts = _FILE_NAME.fullmatch(path.name)
    return version_order(parts["version"] if parts else "")


def _check_tags(path: Path, parts: re.Match[str], computer: Computer) -> None:
    major, minor = computer.python
    # A library for one Python may say so; those of the stable interface fit every later one.
    pythons = {f"{kind}{major}{late}" for kind in ("py", "cp") for late in range(minor + 1)} | {f"py{major}"}
    if pythons.isdisjoint(parts["python"].split(".")):
        raise ConfigError(f"{path}: it is for Python {parts['python']}, and this is {major}.{minor}")
    platforms = parts["platform"].split(".")
    if not any(name == "any" or name.endswith(f"_{computer.machine}") for name in platforms):
        raise ConfigError(f"{path}: it is for {parts['platform']}, and this computer is {computer.machine}")


def _check_python(path: Path, metadata: Message, computer: Computer) -> None:
    for low in re.findall(r">=\s*([\d.]+)", metadata.get("Requires-Python", "")):
        if tuple(int(part) for part in low.split(".")) > computer.python:
            has = ".".join(map(str, computer.python))
            raise ConfigError(f"{path}: it needs Python {low} or newer, and this is {has}")


def _checked_sum(path: Path) -> str:
    """The SHA-256 of a file, which must be the one that is written beside it, where there is one."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    beside = path.with_name(f"{path.name}.sha256")
    if beside.is_file() and beside.read_text("utf-8", "replace").split()[:1] != [sha256]:
        raise ConfigError(f"{path}: it is damaged, its sum is not that of {beside.name}; copy it again")
    return sha256


def _metadata(path: Path, version: str) -> Message:
    damaged = f"{path}: it is damaged"
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken:
                raise ConfigError(f"{damaged}, in {broken}; copy it again")
            text = archive.read(f"ddsp_pi-{version}.dist-info/METADATA").decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, EOFError) as error:
        raise ConfigError(f"{damaged} ({error}); copy it again") from None
    return Parser().parsestr(text)
