"""What the two programs are started with: settings as one word of their command line, and the link."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.errors import DdspPiError
from ddsp_pi.files import write_whole
from ddsp_pi.processes.child import UNUSABLE_INPUT


class Launch(msgspec.Struct, frozen=True):
    """Everything a program is told before it begins."""

    link_fd: int
    config: Config
    performance: str | None = None
    """The CSV file that a simulated board plays; None: no board."""
    config_file: str | None = None
    """The YAML file of the settings, to be watched; None: there is none."""
    trouble: str = ""
    """Why other settings play than those of that file; empty: they do."""
    safe: bool = False
    """Safe mode: what plays is what always can."""
    unattended: bool = False
    """As a service, with nobody there to read messages: it resumes what played last."""
    last_words: str = ""
    """A file in which a program that finds its input unusable says why. Empty: the log is enough."""
    settings: str = ""
    """A file for newer settings than `config`, while it plays; they count once it is there. Empty: none."""
    over: dict[str, Any] = {}
    """What the command line put over that file."""


class Struck(msgspec.Struct, frozen=True, array_like=True):
    """The last hit that was heard: of which number, and what it is like; see modes.meter.Hit."""

    number: int
    rise_db: float
    loudness_db: float
    centroid: float
    flatness_db: float


class Input(msgspec.Struct, frozen=True):
    """What a mode hears that listens."""

    level: float
    """Highest sample lately, behind the input's gain, 1 = full scale."""
    clipped: bool
    """Whether it was cut off at full scale lately."""
    offset: float
    """Its mean, 1 = full scale."""
    f0_hz: float
    """Pitch that is played of it, 0 while nothing sounds."""
    hit: Struck | None = None
    """None: no hit was heard yet, or none is listened for."""
    ringing: bool = False
    """Whether what was struck still sounds."""
    measures: dict[str, list[float]] = {}
    """What was learned of all hits; see dsp.yardstick."""


class Status(msgspec.Struct, frozen=True):
    """What the engine writes into the link again and again."""

    engine: int
    """Process id: another one has begun where this changes."""
    playing: bool
    """Whether the audio device asks for sound; otherwise the engine waits for it."""
    telemetry: bytes
    """Encoded Telemetry, for who wants to know more."""
    instrument: str
    """The file that plays, or is about to; empty if its path is too long to be told."""
    values: dict[str, float]
    """What the parameters are set to."""
    level: float = 0.0
    """Highest sample of the last block, 1 = full scale."""
    driven: dict[str, float] = {}
    """What cables hold: the values of those parameters that they drive."""
    input: Input | None = None
    """None: the mode does not listen."""


def say_why(error: Exception) -> None:
    """Say why a program ends."""
    print(f"ddsp-pi run: {error}", file=sys.stderr, flush=True)


def complain(launch: Launch, error: DdspPiError) -> None:
    """The same, and in last words too if its input cannot be used."""
    say_why(error)
    if launch.last_words and error.exit_code == UNUSABLE_INPUT:
        # A disk that is full has no say in how a program ends.
        with suppress(OSError):
            Path(launch.last_words).write_text(str(error), "utf-8", "replace")


def command(program: str, launch: Launch) -> Sequence[str]:
    """The command line of `engine` or `control`."""
    return sys.executable, "-m", f"ddsp_pi.processes.{program}", msgspec.json.encode(launch).decode()


def launched(argument: str) -> Launch:
    """What `command` was given, with the newest settings there are."""
    return newest(msgspec.json.decode(argument, type=Launch))


def newest(launch: Launch) -> Launch:
    """A launch with the settings that were kept for it since, if there are any that can be read."""
    if not launch.settings:
        return launch
    try:
        config = msgspec.json.decode(Path(launch.settings).read_bytes(), type=Config)
    except (OSError, msgspec.DecodeError):
        return launch
    return msgspec.structs.replace(launch, config=config)


def keep(launch: Launch, config: Config) -> None:
    """Keep newer settings, for programs that run and for those that are started from now on.

    Raises:
        OSError: they cannot be written.
    """
    write_whole(Path(launch.settings), msgspec.json.encode(config))
