"""The entries of a preset's file, taken one by one: what can be used, and in words what cannot."""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from ddsp_pi.located import YamlFile, problem_of
from ddsp_pi.params import Param

Controller = Annotated[int, Meta(ge=0, le=119)]
"""Number of a MIDI controller; those from 120 on are messages to a whole channel."""

T = TypeVar("T")


class Entries:
    """Takes a file's entries one by one and keeps in words what could not be used."""

    def __init__(self, source: YamlFile) -> None:
        self._source, self._data = source, source.data
        self.left_out: list[str] = []

    def leave_out(self, place: tuple[str, ...], why: str) -> None:
        """Say why the entry at a place is not used."""
        self.remark(place, f"left out: {why}")

    def remark(self, place: tuple[str, ...], words: str) -> None:
        """Say that an entry is not used as it is written."""
        entry = ".".join(map(_plain, place))
        self.left_out.append(f"{entry}, line {self._source.line(place)}: {words}")

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
        self.remark(("instrument",), f"{why}; the one that plays stays")
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
            self.remark(place, f"{number:g} {spec.unit} is held at {held:g}")
        return held

    def _converted(self, place: tuple[str, ...], value: Any, type_: Any, default: Any) -> Any:
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            self.leave_out(place, problem_of(str(error), value).what)
            return default


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {kind} called {short(name)}" + (f"; did you mean {near[0]}?" if near else "")


def _plain(key: str) -> str:
    return key if re.fullmatch(r"[\w-]{1,40}", key) else short(key)


def short(text: str) -> str:
    """Foreign text in quotes, in one line that stays short."""
    quoted = repr(text)
    return quoted if len(quoted) <= 60 else f"{quoted[:56]}…'"
