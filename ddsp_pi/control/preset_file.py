"""One preset as a YAML file: read as far as it can be used, and written whole or not at all."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Meta

from ddsp_pi.errors import ConfigError
from ddsp_pi.files import replacing
from ddsp_pi.located import YamlFile, dotted, problem_of, read_yaml
from ddsp_pi.params import Param

FORMAT = 1
SUFFIX = ".yaml"
LARGEST_BYTES = 65_536
"""Beyond that a file is no preset, and is not read: somebody may have put a recording there."""

HEADER = "# A preset of ddsp-pi. Parameters that are not named stand at their defaults.\n"
LIKENESS = "a preset has the lines 'format: 1', 'mode: cv' and 'instrument: violin'"

Tables = Mapping[str, Sequence[Param]]
"""The parameters of each mode, by its name."""

Controller = Annotated[int, Meta(ge=0, le=119)]
"""Number of a MIDI controller; those from 120 on are messages to a whole channel."""

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


def check_name(name: str) -> str:
    """A preset's name, if it is one: never a path, whoever sent it.

    Raises:
        ConfigError: it is none.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) is None:
        raise ConfigError(
            f"no name for a preset: {_short(name)}; give small letters, digits, - and _, such as violin-solo"
        )
    return name


def read_preset(path: Path, tables: Tables, instruments: Collection[str]) -> Loaded:
    """Read a file. Unknown and unusable entries are left out, values out of range held at the ends.

    Args:
        path: the file; the preset is called as it is.
        tables: what each mode has.
        instruments: names of those that can be played.

    Raises:
        ConfigError: it is no preset, of a newer format or of an unknown mode; the message says the place
            and what to do.
    """
    name = check_name(path.name.removesuffix(SUFFIX))
    source = _source(path)
    mode = _mode(source, tables)
    entries = _Entries(source)
    entries.known_keys(("format", "name", "mode", "instrument", "note", "params", "midi"))
    if entries.typed(("name",), str, name) != name:
        entries.leave_out(("name",), f"the file's counts, which is {name}")
    specs = {spec.name: spec for spec in tables[mode]}
    preset = Preset(
        name,
        mode,
        entries.instrument(instruments),
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
    try:
        with replacing(path, "w") as file:
            file.write(preset_text(preset))
    except OSError as error:
        raise OSError(
            f"{path}: {error.strerror or error}; the preset was not saved. "
            "Make room there, or name a folder that you may write in DDSP_PI_DATA"
        ) from error


class _Head(msgspec.Struct, frozen=True):
    """Without these it is no preset."""

    format: int
    mode: str


def _source(path: Path) -> YamlFile:
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if size is None:
        raise ConfigError(f"cannot read {path}: there is no such file")
    if size > LARGEST_BYTES:
        raise ConfigError(f"no preset: {path} has {size} bytes, and a preset a few lines")
    return read_yaml(path)


def _mode(source: YamlFile, tables: Tables) -> str:
    try:
        head = msgspec.convert(source.data, _Head)
    except msgspec.ValidationError as error:
        problem = problem_of(str(error), source.data)
        where = f"at {dotted(problem.place)}, line {source.line(problem.place)} of {source.path}"
        raise ConfigError(f"no preset: {problem.what} {where}; {LIKENESS}") from None
    if head.format != FORMAT:
        raise ConfigError(
            f"cannot use a preset of format {head.format}, line {source.line(('format',))} of {source.path}: "
            f"this ddsp-pi knows format {FORMAT}; update it, or save the preset anew"
        )
    if head.mode not in tables:
        raise ConfigError(
            f"no mode called {_short(head.mode)}, line {source.line(('mode',))} of {source.path}; "
            f"there are: {', '.join(tables)}"
        )
    return head.mode


class _Entries:
    """Takes a file's entries one by one and keeps in words what could not be used."""

    def __init__(self, source: YamlFile) -> None:
        self._source, self._data = source, source.data
        self.left_out: list[str] = []

    def leave_out(self, place: tuple[str, ...], why: str) -> None:
        """Say what is wrong with the entry at a place."""
        entry = ".".join(map(_plain, place))
        self.left_out.append(f"{entry}, line {self._source.line(place)}: {why}")

    def known_keys(self, keys: Collection[str]) -> None:
        """Leave out all others."""
        for key in self._data:
            if key not in keys:
                self.leave_out((str(key),), _unknown("key", str(key), keys))

    def typed(self, place: tuple[str], type_: type[T], default: T) -> T:
        """The value of a key, or the default."""
        value = self._data.get(place[0])
        return default if value is None else self._converted(place, value, type_, default)

    def instrument(self, known: Collection[str]) -> str:
        """One that can be played; empty: none is named, or none that is there."""
        name = self.typed(("instrument",), str, "")
        if name in known:
            return name
        why = _unknown("instrument", name, known) if name else "none is named"
        self.leave_out(("instrument",), f"{why}; the one that plays stays")
        return ""

    def params(self, specs: Mapping[str, Param]) -> Iterator[tuple[str, float]]:
        """Values of those that the mode has, inside their ranges."""
        for name, value in self._rows("params", specs):
            place = ("params", name)
            number = self._converted(place, value, float, None)
            if number is not None and math.isnan(number):
                self.leave_out(place, "expected a number, got none")
            elif number is not None:
                yield name, self._held(place, number, specs[name])

    def controllers(self, specs: Mapping[str, Param]) -> Iterator[tuple[str, int]]:
        """Controller numbers of parameters that the mode has."""
        for name, value in self._rows("midi", specs):
            number = self._converted(("midi", name), value, Controller, None)
            if number is not None:
                yield name, number

    def _rows(self, section: str, specs: Mapping[str, Param]) -> Iterator[tuple[str, Any]]:
        rows: dict[Any, Any] = self.typed((section,), dict, {})
        for name, value in rows.items():
            if name in specs:
                yield name, value
            else:
                self.leave_out((section, str(name)), _unknown("parameter", str(name), specs))

    def _held(self, place: tuple[str, ...], number: float, spec: Param) -> float:
        held = spec.clip(number)
        if held != number:
            self.leave_out(place, f"{number:g} {spec.unit} is held at {held:g}")
        return held

    def _converted(self, place: tuple[str, ...], value: Any, type_: Any, default: Any) -> Any:
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            self.leave_out(place, problem_of(str(error), value).what)
            return default


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {kind} called {_short(name)}" + (f"; did you mean {near[0]}?" if near else "")


def _plain(key: str) -> str:
    return key if re.fullmatch(r"[\w-]{1,40}", key) else _short(key)


def _short(text: str) -> str:
    """Foreign text in quotes, in one line that stays short."""
    quoted = repr(text)
    return quoted if len(quoted) <= 60 else f"{quoted[:56]}…'"
