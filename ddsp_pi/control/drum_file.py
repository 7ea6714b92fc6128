"""Drums that were played, by name: what was learned of the hits of each, a YAML file that people can read."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ddsp_pi.control.preset_file import check_name
from ddsp_pi.dsp.yardstick import Measures, checked_measures
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import listed, write_whole
from ddsp_pi.located import read_yaml

FORMAT = 1
SUFFIX = ".yaml"
LARGEST_BYTES = 65_536

HEADER = """\
# A drum as ddsp-pi has heard it: of its hits the lowest, the usual and the highest loudness (dBFS),
# brightness (centroid, as a MIDI note) and flatness (0 dB is noise); and how loud they begin, lowest and
# highest.
"""


class PlayedDrums:
    """A folder of files. Nothing outside it can be named."""

    def __init__(self, folder: Path) -> None:
        """It need not exist before something is saved."""
        self._folder = folder

    def names(self) -> list[str]:
        """Names to load by, in alphabetical order."""
        return [path.name.removesuffix(SUFFIX) for path in listed(self._folder, SUFFIX)]

    def load(self, name: str) -> Measures:
        """What was learned of a drum.

        Raises:
            ConfigError: there is none of that name, or its file cannot be used; the message says why.
        """
        path = self._path(name)
        if not os.path.lexists(path):
            there = ", ".join(self.names()) or "none yet"
            raise ConfigError(f"no drum called {name!r} was saved; there are: {there}")
        return read_drum(path)

    def save(self, name: str, measures: Measures) -> Path:
        """Keep what was learned, in the place of a drum of the same name; returns the file.

        Raises:
            ConfigError: the name is none.
            OSError: it cannot be written; what was there before still is.
        """
        path = self._path(name)
        write_whole(path, drum_text(name, measures))
        return path

    def _path(self, name: str) -> Path:
        return self._folder / (check_name(name, "drum", "my-snare") + SUFFIX)


def drum_text(name: str, measures: Measures) -> str:
    """What the file of a drum says."""
    rows = {feature: [float(f"{value:.7g}") for value in row] for feature, row in measures.items()}
    said: dict[str, Any] = {"format": FORMAT, "name": name, **rows}
    return HEADER + yaml.safe_dump(said, sort_keys=False, default_flow_style=None, width=110)


def read_drum(path: Path) -> Measures:
    """What a file says.

    Raises:
        ConfigError: it cannot be used; the message says why.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if size > LARGEST_BYTES:
        raise ConfigError(f"{path} has {size} bytes, and a drum a few lines")
    data = read_yaml(path).data
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ConfigError(f"{path} is no drum of format {FORMAT}, the one that this ddsp-pi knows")
    return _measures(path, data)


def _measures(path: Path, data: Mapping[str, Any]) -> Measures:
    try:
        return checked_measures({name: row for name, row in data.items() if name not in ("format", "name")})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
