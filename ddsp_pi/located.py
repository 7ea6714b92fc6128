"""YAML that remembers on which line each value stands, and complaints that can be found there."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from ddsp_pi.errors import ConfigError

Place = tuple[str | int, ...]
"""The keys and rows that lead to a value."""


def dotted(place: Place) -> str:
    """A place as one word, like `$.cv.routes[0].law`."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says and where it says it. Empty files say an empty map."""

    path: Path
    data: Any
    root: yaml.Node | None
    raw: bytes = b""
    """As it was read, to the byte."""

    def where(self, place: Place) -> str:
        """A place in words."""
        return f"at {dotted(place)}, line {self.line(place)} of {self.path}"

    def line(self, place: Place) -> int:
        """The line of a place, or of the last step towards it that the file has."""
        node, line = self.root, 1
        for step in place:
            found = _children(node).get(str(step))
            if found is None:
                break
            line, node = found
        return line


def read_yaml(path: Path) -> YamlFile:
    """Read one document.

    Raises:
        ConfigError: the file cannot be read, or is not YAML; the message names the line.
    """
    try:
        raw = path.read_bytes()
        loader = _Loader(raw)
        root = loader.get_single_node()
        data = {} if root is None else loader.construct_document(root)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{error.problem}, line {line} of {path}") from None
    except Exception as error:  # PyYAML lets pass whatever a conversion raises: `!!int ''` an IndexError
        raise ConfigError(f"{path} is not YAML that can be read: {error}") from None
    return YamlFile(path, data, root, raw)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would keep the last and forget the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key.value!r} stands here a second time", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _children(node: yaml.Node | None) -> dict[str, tuple[int, yaml.Node]]:
    """Line and node of each step down from here."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): (key.start_mark.line + 1, value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return {str(row): (item.start_mark.line + 1, item) for row, item in enumerate(node.value)}
    return {}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value (its choice, or a key nobody knows) and where."""

    what: str
    place: Place
    kind: Literal["value", "choice", "key"] = "value"


WORDS = {
    "array": "list",
    "bool": "true or false",
    "float": "number",
    "null": "nothing",
    "object": "map",
    "str": "text",
}
"""Msgspec's names of types as a musician would say them; those left out are said as they are."""

_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_UNKNOWN_VALUE = re.compile(r"Invalid enum value (.*)", re.DOTALL)


def problem_of(message: str, data: Any) -> Problem:
    """What msgspec's message says about `data`, in the words of the file."""
    said = _MESSAGE.fullmatch(message)
    assert said is not None  # every part of the pattern may be empty
    what, place = said["what"], _place(said["path"] or "", data)
    if key := _UNKNOWN_KEY.fullmatch(what):
        return Problem("unknown key", (*place, key[1]), "key")
    if value := _UNKNOWN_VALUE.fullmatch(what):
        return Problem(f"unknown value {value[1]}", place, "choice")
    what = re.sub(r"Object missing required field `(.*)`", r"missing key '\1'", what)
    what = re.sub(r"`([^`]*)`", lambda names: _words(names[1]), what)
    return Problem(what[0].lower() + what[1:] + (" as a key" if said["key"] else ""), place)


def _words(types: str) -> str:
    return " or ".join(WORDS.get(name, name) for name in types.split(" | "))


def _place(path: str, data: Any) -> Place:
    """Msgspec's path as steps. It writes `[...]` for a key of a map, so that one is looked up."""
    place: Place = ()
    for name, row in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", path):
        step = name or (int(row) if row.isdigit() else _not_a_number(data))
        place, data = (*place, step), data[step]
    return place


def _not_a_number(values: dict[str, Any]) -> str:
    return next(name for name, value in values.items() if not _is_number(value))


def _is_number(value: Any) -> bool:
    try:
        msgspec.convert(value, float)
    except msgspec.ValidationError:
        return False
    return True
