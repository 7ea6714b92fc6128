"""What played last as a YAML file, for people to read: written whole or not at all, read or refused."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from ddsp_pi.errors import ConfigError
from ddsp_pi.files import write_whole
from ddsp_pi.located import problem_of, read_yaml

FORMAT = 1
LARGEST_BYTES = 65_536
"""Beyond that a file is none of ours, and is not read."""

HEADER = """\
# What played last, written by ddsp-pi while it plays. Without this file it begins as the settings say.
# A line of the settings that has changed since (`began` is what they said) counts more than this.
"""

Controller = Annotated[int, Meta(ge=0, le=127)]


class Began(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the settings, what a state is a change of."""

    mode: str
    model: str
    params: dict[str, float]


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What played, as far as it is not what the settings say."""

    began: Began
    instrument: str
    """By its name in the library, or as the settings name it."""
    preset: str = ""
    """The one that was loaded last; empty: none was."""
    params: dict[str, float] = {}
    """Values of those that stand elsewhere than at the start, in their units."""
    midi: dict[str, Controller] = {}
    """What MIDI has learned: controllers by parameter."""
    drum: str = ""
    """The one that is played and was saved; empty: none was."""


def state_path(folder: Path) -> Path:
    """The file. `folder`: the data folder of the installation."""
    return folder / "state.yaml"


def read_state(path: Path) -> State | None:
    """What a file says; None: there is none.

    Raises:
        ConfigError: it cannot be read or used; the message says why.
    """
    if not os.path.lexists(path):
        return None
    _check_size(path)
    data = read_yaml(path).data
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise ConfigError(f"{path} is no state of format {FORMAT}, the one that this ddsp-pi knows")
    try:
        return msgspec.convert(data, State)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {problem_of(str(error), data).what}") from None


def state_text(state: State) -> str:
    """What a state's file says."""
    said: dict[str, Any] = {"format": FORMAT, **msgspec.to_builtins(state)}
    # Letters beyond ASCII as escapes: YAML would not give back some of them as they were.
    return HEADER + yaml.safe_dump(said, sort_keys=False, width=110)


def write_state(path: Path, state: State) -> None:
    """Write a file that is whole at every moment: the old one or the new.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    write_whole(path, state_text(state))


def set_aside(path: Path) -> Path:
    """Keep a file that cannot be used for who wants to know why; returns where it is to be found."""
    kept = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(kept)
    except OSError:
        # It stays in the way of nothing: the next state takes its place.
        return path
    return kept


def _check_size(path: Path) -> None:
    with suppress(OSError):
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise ConfigError(f"{path} has {size} bytes, and a state a few lines")
