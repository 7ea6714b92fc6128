"""One preset as a YAML file: read as far as it can be used, and written whole or not at all."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from ddsp_pi.control.preset_entries import Entries, short
from ddsp_pi.errors import ConfigError
from ddsp_pi.files import write_whole
from ddsp_pi.located import YamlFile, problem_of, read_yaml
from ddsp_pi.params import Param

FORMAT = 1
SUFFIX = ".yaml"
LARGEST_BYTES = 65_536
"""Beyond that a file is no preset, and is not read: somebody may have put a recording there."""

HEADER = "# A preset of ddsp-pi. Parameters that are not named stand at their defaults.\n"
LIKENESS = "a preset has the lines 'format: 1', 'mode: cv' and 'instrument: violin'"

Tables = Mapping[str, Sequence[Param]]
"""The parameters of each mode, by its name."""

Instruments = Callable[[str], Collection[str]]
"""Names of what each mode can play."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Preset:
    """A sound to come back to."""

    name: str
    mode: str
    instrument: str
    """By its name in the library; empty: whichever plays."""
    params: Mapping[str, float] = field(default_factory=dict)
    """Values in the parameters' units; one that is not here stands at its default."""
    note: str = ""
    """A line for people."""
    midi: Mapping[str, int] = field(default_factory=dict)
    """Controller numbers 0..119 by parameter."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A preset and, in words, each entry of its file that was left out or held inside its range."""

    preset: Preset
    left_out: tuple[str, ...]


def check_name(name: str, kind: str = "preset", such: str = "violin-solo") -> str:
    """The name of a preset, or of something else, if it is one: never a path, whoever sent it.

    Raises:
        ConfigError: it is none.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) is None:
        raise ConfigError(
            f"no name for a {kind}: {short(name)}; give small letters, digits, - and _, such as {such}"
        )
    return name


def read_preset(path: Path, tables: Tables, instruments: Instruments) -> Loaded:
    """Read a file. Unknown and unusable entries are left out, values out of range held at the ends.

    Args:
        path: the file; the preset is called as it is.
        tables: what each mode has.
        instruments: of a mode, names of what can be played there.

    Raises:
        ConfigError: it is no preset, of a newer format or of an unknown mode; the message says the place
            and what to do.
    """
    name = check_name(path.name.removesuffix(SUFFIX))
    source = _source(path)
    mode = _mode(source, tables)
    entries = Entries(source)
    entries.known_keys(("format", "name", "mode", "instrument", "note", "params", "midi"))
    if entries.typed(("name",), str, name) != name:
        entries.remark(("name",), f"the file's counts, which is {name}")
    specs = {spec.name: spec for spec in tables[mode]}
    preset = Preset(
        name,
        mode,
        entries.instrument(instruments(mode)),
        dict(entries.params(specs)),
        entries.typed(("note",), str, ""),
        dict(entries.controllers(specs)),
    )
    return Loaded(preset, tuple(entries.left_out))


def preset_text(preset: Preset) -> str:
    """What a preset's file says."""
    said: dict[str, Any] = {
        "format": FORMAT,
        "name": preset.name,
        "mode": preset.mode,
        "instrument": preset.instrument,
        "note": preset.note,
        "params": {name: _number(value) for name, value in preset.params.items()},
        "midi": dict(preset.midi),
    }
    said = {key: value for key, value in said.items() if value or key == "params"}
    return HEADER + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=110)


def _number(value: float) -> float:
    """As a person writes it: 3, not 3.0."""
    return int(value) if float(value).is_integer() else value


def write_preset(path: Path, preset: Preset) -> None:
    """Write a file that is whole at every moment: the old one or the new.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    write_whole(path, preset_text(preset))


def _source(path: Path) -> YamlFile:
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if size is None:
        raise ConfigError(f"cannot read {path}: there is no such file")
    if size > LARGEST_BYTES:
        raise ConfigError(f"no preset: {path} has {size} bytes, and a preset a few lines")
    try:
        source = read_yaml(path)
    except ConfigError as error:
        raise ConfigError(f"no preset: {' '.join(str(error).split())}; {LIKENESS}") from None
    if not isinstance(source.data, dict):
        raise ConfigError(f"no preset: {path} holds no map; {LIKENESS}")
    return source


def _mode(source: YamlFile, tables: Tables) -> str:
    """What nothing else can be read without."""
    version = _needed(source, "format", int)
    if version != FORMAT:
        raise ConfigError(
            f"cannot use a preset of format {version}, line {source.line(('format',))} of {source.path}: "
            f"this ddsp-pi knows format {FORMAT}; update it, or save the preset anew"
        )
    mode = _needed(source, "mode", str)
    if mode not in tables:
        raise ConfigError(
            f"no mode called {short(mode)}, line {source.line(('mode',))} of {source.path}; "
            f"there are: {', '.join(tables)}"
        )
    return mode


def _needed(source: YamlFile, key: str, type_: type[T]) -> T:
    try:
        return msgspec.convert(source.data[key], type_)
    except KeyError:
        raise ConfigError(f"no preset: {source.path} has no line '{key}:'; {LIKENESS}") from None
    except msgspec.ValidationError as error:
        where = f"at $.{key}, line {source.line((key,))} of {source.path}"
        raise ConfigError(f"no preset: {problem_of(str(error), None).what} {where}; {LIKENESS}") from None
