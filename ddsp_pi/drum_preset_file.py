"""Drum presets by name: a YAML file each, the player's own and those that ship, and the five by value."""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec
from msgspec import Struct

from ddsp_pi.dsp.drum_presets import (
    DAMPING_RANGE,
    DRUM_PRESETS,
    OTHER_NAMES,
    DrumPreset,
    by_name,
    drum_preset,
)
from ddsp_pi.dsp.snare_params import NAMES, SNARE_PARAMS
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import listed
from ddsp_pi.located import Place, YamlFile, problem_of, read_yaml

FORMAT = 1
SUFFIX = ".yaml"
LARGEST_BYTES = 65_536
"""Beyond that a file is no preset, and is not read."""

LIKENESS = "a drum preset has the line 'format: 1' and under 'params:' lines like 'osc1_freq: 180'"

Check = Callable[[str, float], str]
"""What is wrong with the value of a parameter; empty: nothing."""


class _Said(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file may say."""

    format: int
    like: str = "snare_1"
    note: str = ""
    params: dict[str, float] | None = None
    damping: dict[str, float] | None = None


class DrumPresets:
    """Two folders of files over the drums by value; what stands first hides others of the same name."""

    def __init__(self, own: Path, shipped: Path) -> None:
        """Neither folder need exist."""
        self._folders = (own, shipped)

    def names(self) -> list[str]:
        """The five, then those of the files in alphabetical order."""
        files = {
            path.name.removesuffix(SUFFIX) for folder in self._folders for path in listed(folder, SUFFIX)
        }
        return [*DRUM_PRESETS, *sorted(files - DRUM_PRESETS.keys())]

    def load(self, name: str) -> DrumPreset:
        """Read a preset.

        Raises:
            ConfigError: there is none of that name, or its file cannot be used.
        """
        for folder in self._folders:
            if folder / (name + SUFFIX) in listed(folder, SUFFIX):
                return read_drum_preset(folder / (name + SUFFIX))
        if name in DRUM_PRESETS or name in OTHER_NAMES:
            return drum_preset(name)
        raise ConfigError(f"no drum called {name!r}; there are: {', '.join(self.names())}")


def read_drum_preset(path: Path) -> DrumPreset:
    """Read a file. What it does not name is as in the drum that it is `like`, snare_1 if it names none.

    Raises:
        ConfigError: it is no drum preset, names what there is not or leaves a range; the message says the
            line and what to do.
    """
    source = _source(path)
    try:
        said = msgspec.convert(source.data, _Said)
    except msgspec.ValidationError as error:
        problem = problem_of(str(error), source.data)
        raise ConfigError(f"{problem.what} {source.where(problem.place)}; {LIKENESS}") from None
    if said.format != FORMAT:
        raise _complaint(source, ("format",), f"format {said.format}, but this ddsp-pi knows format {FORMAT}")
    if said.like not in DRUM_PRESETS and said.like not in OTHER_NAMES:
        raise _complaint(
            source, ("like",), f"no drum called {said.like!r}; there are: {', '.join(DRUM_PRESETS)}"
        )
    like = drum_preset(said.like)
    _check(source, "params", said.params or {}, _out_of_range)
    _check(source, "damping", said.damping or {}, _no_damping)
    return DrumPreset(
        path.name.removesuffix(SUFFIX),
        _over(like.values, said.params or {}),
        _over(like.damping, said.damping or {}),
        said.note,
    )


def _over(below: tuple[float, ...], named: Mapping[str, float]) -> tuple[float, ...]:
    return tuple((by_name(below) | dict(named)).values())


def _check(source: YamlFile, section: str, named: Mapping[str, float], wrong: Check) -> None:
    for name, value in named.items():
        place = (section, name)
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            instead = f"did you mean {near[0]}?" if near else f"there are: {', '.join(NAMES)}"
            raise _complaint(source, place, f"no parameter called {name!r}; {instead}")
        problem = wrong(name, value)
        if problem:
            raise _complaint(source, place, problem)


def _out_of_range(name: str, value: float) -> str:
    spec = SNARE_PARAMS[NAMES.index(name)]
    if math.isfinite(value) and spec.low <= value <= spec.high:
        return ""
    return f"{value:g} {spec.unit} is out of range; give {name} {spec.low:g} to {spec.high:g} {spec.unit}"


def _no_damping(name: str, value: float) -> str:
    low, high = DAMPING_RANGE
    if math.isfinite(value) and low <= value <= high:
        return ""
    return f"a damping of {value:g} is out of range; give {low:g}, where {name} stands still, to {high:g}"


def _complaint(source: YamlFile, place: Place, what: str) -> ConfigError:
    return ConfigError(f"{what}: {source.where(place)}")


def _source(path: Path) -> YamlFile:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if size > LARGEST_BYTES:
        raise ConfigError(f"no drum preset: {path} has {size} bytes, and a preset a few lines")
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise ConfigError(f"no drum preset: {path} holds no map; {LIKENESS}")
    return source
