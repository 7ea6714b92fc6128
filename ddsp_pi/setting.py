"""Settings in words: what the fields of a msgspec Struct say about themselves, for `config explain`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from msgspec import NODEFAULT, inspect

from ddsp_pi.located import WORDS


@dataclass(frozen=True, slots=True)
class Setting:
    """One line that a file may have. `range` is empty where the type says it all."""

    key: str
    type: str
    range: str
    default: str
    meaning: str


def describe(struct: type, defaults: dict[str, Any]) -> dict[str, Setting]:
    """Every setting of a Struct and the Structs inside it, by its dotted key."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {setting.key: setting for setting in _described(info, "", defaults)}


def written(value: Any) -> str:
    """A value as a file would say it, on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _described(struct: inspect.StructType, prefix: str, defaults: dict[str, Any]) -> Iterator[Setting]:
    for field in struct.fields:
        key, default = prefix + field.name, defaults.get(field.name, field.default)
        if isinstance(field.type, inspect.StructType):
            yield from _described(field.type, f"{key}.", default)
        elif isinstance(field.type, inspect.Metadata):
            yield from _explained(field.type, key, default)


def _explained(annotated: inspect.Metadata, key: str, default: Any) -> Iterator[Setting]:
    kind, meaning = annotated.type, (annotated.extra_json_schema or {})["description"]
    row = getattr(kind, "item_type", None)
    if isinstance(row, inspect.StructType):
        yield Setting(key, _type(kind), "", "see 'ddsp-pi config show'", meaning)
        yield from _described(row, f"{key}.", {})
    else:
        given = "none, it must be there" if default is NODEFAULT else written(default)
        yield Setting(key, _type(kind), _range(kind), given, meaning)


def _range(kind: inspect.Type) -> str:
    low, high = getattr(kind, "ge", None), getattr(kind, "le", None)
    return "" if low is None or high is None else f"{low:g}..{high:g}"


def _type(kind: inspect.Type) -> str:
    return _TYPES[type(kind)](kind)


_TYPES: dict[type, Callable[[Any], str]] = {
    inspect.BoolType: lambda _: WORDS["bool"],
    inspect.DictType: lambda kind: f"map of {_type(kind.key_type)} to {_type(kind.value_type)}",
    inspect.FloatType: lambda _: WORDS["float"],
    inspect.IntType: lambda _: "int",
    inspect.LiteralType: lambda kind: " or ".join(written(value) for value in kind.values),
    inspect.NoneType: lambda _: WORDS["null"],
    inspect.StrType: lambda _: WORDS["str"],
    inspect.StructType: lambda _: WORDS["object"],
    inspect.TupleType: lambda kind: f"[{', '.join(_type(each) for each in kind.item_types)}]",
    inspect.UnionType: lambda kind: " or ".join(_type(each) for each in kind.types),
    inspect.VarTupleType: lambda kind: f"list of {_type(kind.item_type)}s",
}
