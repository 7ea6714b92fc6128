"""Looks again and again whether the file of the settings has a new version, and reads it."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from ddsp_pi.config import Config, Loaded, read_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import Sight, sight
from ddsp_pi.processes.changes import put
from ddsp_pi.processes.launch import Launch
from ddsp_pi.processes.usable import check
from ddsp_pi.rack.boards import AUTO
from ddsp_pi.service.choice import choose, choose_for_service
from ddsp_pi.service.host import Host


class News(NamedTuple):
    """A version of the file."""

    config: Config | None
    """What is to play with it; None: it cannot be used."""
    raw: bytes
    """The file, to the byte."""
    trouble: str
    """Why it cannot be used; empty: it can."""
    first: bool
    """Whether this is how the file stood when the watch began, and nobody asked for it."""


class SettingsWatch:
    """Reads the file once two looks in a row saw it the same: by then whoever writes it has finished."""

    def __init__(self, file: Path, read: Callable[[Path], Loaded]) -> None:
        """`read` raises a ConfigError for what cannot be used. Nothing is looked at yet."""
        self._file, self._read = file, read
        self._looks = 0
        self._seen: Sight | str | None = "nothing yet"
        self._settling: Sight | str | None = "nothing yet"
        self._asked = threading.Event()
        self.news: deque[News] = deque(maxlen=4)
        """What was read, for who acts upon it to take out."""

    def again(self) -> None:
        """Read it with the next look, new or not; from anywhere, a signal too."""
        self._asked.set()

    def look(self) -> None:
        """Look once; from one thread that has time."""
        seen = _sight(self._file)
        settled, self._settling = seen == self._settling, seen
        asked = self._asked.is_set()
        self._asked.clear()
        if not asked and (not settled or seen == self._seen):
            return
        first, self._seen = self._seen == "nothing yet" and not asked, seen
        if not (first and seen is None):
            self.news.append(self._version(first))

    def _version(self, first: bool) -> News:
        try:
            loaded = self._read(self._file)
        except ConfigError as error:
            return News(None, b"", str(error), first)
        return News(loaded.config, loaded.source.raw, "", first)


class Reader:
    """Reads the file as `ddsp-pi run` did: with what the command line put over it, and the board at hand."""

    def __init__(self, launch: Launch, host: Host) -> None:
        self._launch, self._host = launch, host
        self.playing = launch.config
        """What plays, to compare with."""
        self._asked: tuple[str, str | int | None, str] | None = None

    def read(self, path: Path) -> Loaded:
        """The settings that are to play.

        Raises:
            ConfigError: they cannot.
        """
        loaded = read_config(path, self._launch.over.get("mode", ""))
        loaded = loaded._replace(config=put(loaded.config, self._launch.over))
        unusual = self._launch.trouble or self._launch.safe
        check(loaded, None if unusual else self.playing)
        return loaded._replace(config=self._filled(loaded.config))

    def _filled(self, config: Config) -> Config:
        """Board and sound card as they were chosen, where the file leaves them open as it did before."""
        replace, before = msgspec.structs.replace, self._asked
        asked = self._asked = config.rack.board, config.audio.device, config.audio.backend
        if config.rack.board == AUTO and (before is None or before[0] == AUTO):
            config = replace(config, rack=replace(config.rack, board=self.playing.rack.board))
        if config.audio.device is None:
            same = before is None or before[1:] == asked[1:]
            device = self.playing.audio.device if same else self._device(config)
            config = replace(config, audio=replace(config.audio, device=device))
        return config

    def _device(self, config: Config) -> str | int | None:
        if self._launch.unattended:
            return choose_for_service(self._host, config).device
        if config.rack.board == AUTO:
            return None
        return choose(self._host, config, simulated=self._launch.performance is not None).device


def _sight(file: Path) -> Sight | str | None:
    """None: there is no file. A file that may not be looked at has no other versions."""
    try:
        return sight(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        return str(error)
