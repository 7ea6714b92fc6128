"""How the programs are begun together: with somebody watching, or as a service."""

import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.link.shared import Link, create
from ddsp_pi.places import runtime_folder
from ddsp_pi.processes.child import UNUSABLE_INPUT
from ddsp_pi.processes.crashes import Crashes
from ddsp_pi.processes.launch import Launch, command
from ddsp_pi.processes.supervisor import Supervisor
from ddsp_pi.processes.unattended import Played, keep_playing
from ddsp_pi.processes.under_systemd import UnderSystemd
from ddsp_pi.rack.boards import AUTO, find_board
from ddsp_pi.rack.held import button_held
from ddsp_pi.service.choice import Choice, choose_for_service
from ddsp_pi.service.host import Host
from ddsp_pi.shipped import demo

PROGRAMS = ("engine", "control")
"""What always runs; Pd comes with a patch, and as a service has a unit of its own."""

NOTHING: Mapping[str, Any] = MappingProxyType({})

Say = Callable[[str], None]


def with_choice(config: Config, choice: Choice) -> Config:
    """The settings with the board and the sound card that were chosen."""
    rack = msgspec.structs.replace(config.rack, board=choice.board)
    audio = msgspec.structs.replace(config.audio, device=choice.device)
    return msgspec.structs.replace(config, rack=rack, audio=audio)


def attended(
    config: Config, performance: str | None, file: Path | None, over: Mapping[str, Any] = NOTHING
) -> int:
    """Play until told to stop; returns the exit code, BEGIN_ANEW where the settings are to be read again.

    `over`: what the command line has put over the file.
    """
    programs = (*PROGRAMS, "pd") if config.pd.patch else PROGRAMS
    with _folder() as folder:
        link = create()
        launch = _launch(link, config, performance, file, folder)
        launch = msgspec.structs.replace(launch, over=dict(over))
        try:
            return Supervisor(link, {name: command(name, launch) for name in programs}).run()
        finally:
            link.close()


class Service:
    """Plays what there is, and tells systemd of it."""

    def __init__(self, file: Path | None, notify: Callable[[str], None], say: Say) -> None:
        """`file`: the settings."""
        self._file, self._say = file, say
        self._systemd = UnderSystemd(notify)

    def run(self, safe_because: str = "") -> int:
        """Play until told to stop; returns the exit code."""
        # Before the first program is there to be told, and between two sets of them.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with _folder() as folder:
            play = partial(self._play, folder)
            return keep_playing(play, self._file, safe_because, self._say)

    def _play(self, folder: Path, config: Config, trouble: str, safe: bool) -> Played:
        try:
            choice = choose_for_service(Host(), config)
        except (BoardError, ConfigError) as error:
            return Played(error.exit_code, str(error))
        for reason in choice.reasons:
            self._say(reason)
        link, performance = create(), str(demo(config.mode)) if choice.simulated else None
        launch = _launch(link, with_choice(config, choice), performance, self._file, folder)
        launch = msgspec.structs.replace(launch, trouble=trouble, safe=safe, unattended=True)
        self._systemd.follow(link, trouble)
        try:
            return self._supervise(link, launch)
        finally:
            link.close()

    def _supervise(self, link: Link, launch: Launch) -> Played:
        supervisor = Supervisor(
            link,
            {name: command(name, launch) for name in PROGRAMS},
            onlooker=self._systemd,
            crashes=Crashes(),
            passed_on={signal.SIGHUP: "control"},
        )
        code = supervisor.run()
        words = _last_words(launch) if code == UNUSABLE_INPUT else ""
        return Played(code, words or supervisor.why)


def _last_words(launch: Launch) -> str:
    """Of a program that found its input unusable; empty: it left none."""
    try:
        return Path(launch.last_words).read_text("utf-8")
    except OSError:
        return ""


def held_at_start(config: Config) -> bool:
    """Whether a button of the board is down."""
    choice = choose_for_service(Host(), config)
    if choice.simulated or choice.board == AUTO:
        return False
    return button_held(find_board(choice.board), config.rack)


@contextmanager
def _folder() -> Iterator[Path]:
    """For what the programs share and a restart may forget."""
    kept = runtime_folder()
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="ddsp-pi-") as folder:
        yield Path(folder)


def _launch(link: Link, config: Config, performance: str | None, file: Path | None, folder: Path) -> Launch:
    words, settings = folder / "last-words", folder / "settings.json"
    for left in (words, settings):
        left.unlink(missing_ok=True)
    return Launch(
        link.fd,
        config,
        performance,
        config_file=None if file is None else str(file.absolute()),
        last_words=str(words),
        settings=str(settings),
    )
