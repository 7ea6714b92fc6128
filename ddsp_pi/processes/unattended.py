"""As a service: whatever is wrong with settings, instruments or board, something plays and says so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ddsp_pi.config import Config, load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.models.library import SHIPPED, SUFFIX
from ddsp_pi.places import last_good_file
from ddsp_pi.processes.child import BEGIN_ANEW
from ddsp_pi.rack.boards import SIM

ENDED = 0
"""Somebody asked for it."""


class Rung(NamedTuple):
    """Settings to try."""

    name: str
    load: Callable[[], Config]
    """ConfigError: they cannot be used."""
    safe: bool = False


class Played(NamedTuple):
    """How it ended."""

    code: int
    why: str


Play = Callable[[Config, str, bool], Played]
"""Plays with settings, of which it is told why these (empty: they are those that are wanted) and
whether this is safe mode."""

Say = Callable[[str], None]


def rungs(file: Path | None) -> tuple[Rung, ...]:
    """What is tried, one after another: each can do less than the one before, and needs less."""
    return (
        Rung("the settings", lambda: load_config(file)),
        Rung("the last good settings", lambda: load_config(last_good_file())),
        Rung("safe mode", lambda: safe_settings(_hardware(file)), safe=True),
        Rung("safe mode without a board", bare_settings, safe=True),
    )


def safe_settings(known: Config | None) -> Config:
    """The packaged settings and the instrument that ships, on the board and sound card that are known."""
    config = load_config()
    config = msgspec.structs.replace(config, model=str(SHIPPED / f"{config.model}{SUFFIX}"))
    if known is None:
        return config
    board = msgspec.structs.replace(config.rack, board=known.rack.board, gpio=known.rack.gpio)
    # It does not listen, and a codec without inputs must not keep it from playing.
    audio = msgspec.structs.replace(known.audio, inputs=0)
    return msgspec.structs.replace(config, audio=audio, rack=board)


def bare_settings() -> Config:
    """What depends on nothing but this program."""
    config = safe_settings(None)
    return msgspec.structs.replace(config, rack=msgspec.structs.replace(config.rack, board=SIM))


def _hardware(file: Path | None) -> Config | None:
    """Settings that can be read: what they say of board and sound card is likely to be right."""
    for path in (file, last_good_file()):
        try:
            return load_config(path)
        except ConfigError:
            continue
    return None


def keep_playing(play: Play, file: Path | None, safe_because: str, say: Say) -> int:
    """Play until somebody asks for an end; returns the exit code: 0, or 1 if nothing can be played.

    Args:
        play: see Play.
        file: the settings of this system.
        safe_because: why to begin in safe mode; empty: do not.
        say: for the log.
    """
    while True:
        code = _descend(play, rungs(file), safe_because, say)
        if code != BEGIN_ANEW:
            return code
        safe_because = ""
        say("the settings have changed: everything begins anew with them")


def _descend(play: Play, ladder: tuple[Rung, ...], safe_because: str, say: Say) -> int:
    trouble = safe_because
    for rung, config in _worth_trying(ladder, bool(safe_because), say):
        if isinstance(config, str):
            trouble = trouble or config
            continue
        if trouble:
            say(f"falling back to {rung.name}: {trouble}")
        ended = play(config, trouble, rung.safe)
        if ended.code in (ENDED, BEGIN_ANEW):
            return ended.code
        trouble = trouble or ended.why
    say(f"nothing can be played: {trouble}")
    return 1


def _worth_trying(ladder: tuple[Rung, ...], safe: bool, say: Say) -> Iterator[tuple[Rung, Config | str]]:
    """Rungs with their settings, or with what is wrong with them; the same settings are not tried twice."""
    tried: list[Config] = []
    for rung in ladder:
        if safe and not rung.safe:
            continue
        try:
            config = rung.load()
        except ConfigError as error:
            say(f"{rung.name} cannot be used: {error}")
            yield rung, str(error)
            continue
        if config not in tried:
            tried.append(config)
            yield rung, config
