"""Presets by name: the player's own, which hide shipped ones of the same name, and those that ship."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ddsp_pi.control.preset_file import (
    SUFFIX,
    Instruments,
    Loaded,
    Preset,
    Tables,
    check_name,
    read_preset,
    write_preset,
)
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import listed
from ddsp_pi.params import Param


class Presets:
    """Two folders of preset files. Nothing outside them can be named."""

    def __init__(self, own: Path, shipped: Path, tables: Tables, instruments: Instruments) -> None:
        """`own` need not exist before something is saved."""
        self._own, self._shipped, self._folders = own, shipped, (shipped, own)
        self._tables, self._instruments = tables, instruments

    def files(self) -> list[Path]:
        """Every preset file that plays, in the order of names; one that is hidden is not there."""
        found = {path.name: path for folder in self._folders for path in listed(folder, SUFFIX)}
        return [found[name] for name in sorted(found)]

    def names(self) -> list[str]:
        """Names to load by, in alphabetical order."""
        return [path.name.removesuffix(SUFFIX) for path in self.files()]

    def shipped(self) -> list[Path]:
        """The files that ship, hidden or not, in the order of names."""
        return listed(self._shipped, SUFFIX)

    def is_own(self, path: Path) -> bool:
        """Whether a file is one of the player's own."""
        return path.parent == self._own

    def find(self, name: str) -> Path:
        """The file of a preset.

        Raises:
            ConfigError: there is none, or it is no name for one; the message says which are like it.
        """
        file = check_name(name) + SUFFIX
        for folder in reversed(self._folders):
            if folder / file in listed(folder, SUFFIX):
                return folder / file
        raise ConfigError(f"no preset called {name!r}; {self._instead(name)}")

    def load(self, name: str) -> Loaded:
        """Read a preset as far as it can be used.

        Raises:
            ConfigError: there is none of that name, or its file is no preset.
        """
        return self.read(self.find(name))

    def read(self, path: Path) -> Loaded:
        """Read a preset file from anywhere.

        Raises:
            ConfigError: it is no preset.
        """
        return read_preset(path, self._tables, self._instruments)

    def save(self, preset: Preset) -> Path:
        """Keep a preset among the player's own, in the place of one of the same name; returns the file.

        Raises:
            ConfigError: its name is none.
            OSError: it cannot be written; what was there before still is.
        """
        path = self._own / (check_name(preset.name) + SUFFIX)
        write_preset(path, preset)
        return path

    def _instead(self, name: str) -> str:
        names = self.names()
        near = get_close_matches(name, names, n=3, cutoff=0.5) or names[:8]
        return f"there are {', '.join(near)}: see 'ddsp-pi presets list'" if near else "there are none"


def preset_of(
    name: str,
    mode: str,
    instrument: str,
    values: Mapping[str, float],
    specs: Sequence[Param],
    note: str = "",
    midi: Mapping[str, int] | None = None,
) -> Preset:
    """What plays, as a preset. Values that stand at their defaults are not in it.

    They are kept to seven digits, so that a 0.1 that came in single precision is written as 0.1.

    Raises:
        ConfigError: the name is none.
    """
    kept = {spec.name: float(f"{values.get(spec.name, spec.default):.7g}") for spec in specs}
    differing = {spec.name: kept[spec.name] for spec in specs if kept[spec.name] != spec.default}
    # One line for people; YAML has line ends of its own, which would not come back as they were.
    return Preset(check_name(name), mode, instrument, differing, " ".join(note.split()), midi or {})


@dataclass(frozen=True, slots=True)
class Acts:
    """How a preset reaches what plays."""

    mode: Callable[[], str]
    """The one that plays now."""
    instrument: Callable[[], str]
    change_mode: Callable[[str], object]
    select_instrument: Callable[[str], object]
    set_param: Callable[[str, float], object]
    """Takes name and value in the parameter's unit."""


def apply(preset: Preset, tables: Tables, acts: Acts) -> None:
    """Play a preset: mode and instrument if they are others, then every parameter that the mode has.

    Those that the preset does not name go to their defaults, so that it sounds the same whatever
    was played before. What a cable holds, the cable holds on.
    """
    if preset.mode != acts.mode():
        acts.change_mode(preset.mode)
    if preset.instrument and preset.instrument != acts.instrument():
        acts.select_instrument(preset.instrument)
    for name, value in full_params(preset, tables[preset.mode]).items():
        acts.set_param(name, value)


def full_params(preset: Preset, specs: Sequence[Param]) -> dict[str, float]:
    """A preset's value of every parameter, in its unit."""
    return {spec.name: preset.params.get(spec.name, spec.default) for spec in specs}
