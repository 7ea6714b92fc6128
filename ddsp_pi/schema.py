"""The settings as a JSON schema, from the same types that check them: for editors that complete and mark."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from ddsp_pi.config import Config, load_config
from ddsp_pi.params import Param

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema(params: Iterable[Param]) -> Schema:
    """The schema of a file: what it leaves out stands in the packaged defaults, which are told.

    It knows every key, type and range, and the parameters there are. What only shows where several
    values meet, `ddsp-pi config check` knows.
    """
    made = msgspec.json.schema(Config)
    kinds: dict[str, Schema] = made.pop("$defs")
    root = kinds.pop("Config")
    _told(root, msgspec.json.decode(msgspec.json.encode(load_config())), kinds)
    root["properties"]["params"] = _parameters(root["properties"]["params"], params)
    head = {"$schema": DIALECT, "title": "ddsp-pi", "description": "The settings of a ddsp-pi module."}
    # A section whose lines are all commented out is a null, and so is a file that says nothing.
    return head | root | head | {"type": ["object", "null"], "$defs": kinds}


def written_schema(params: Iterable[Param]) -> str:
    """The schema as the text of a file."""
    return json.dumps(schema(params), indent=2, ensure_ascii=False) + "\n"


def _told(kind: Schema, defaults: dict[str, Any], kinds: dict[str, Schema]) -> None:
    """Nothing must be there where there is a default."""
    kind.pop("required", None)
    for name, default in defaults.items():
        setting = kind["properties"][name]
        if "$ref" in setting:
            section = kinds[setting["$ref"].rpartition("/")[2]]
            section["type"] = ["object", "null"]
            _told(section, default, kinds)
        else:
            setting["default"] = default
            if isinstance(default, dict):
                setting["type"] = ["object", "null"]


def _parameters(setting: Schema, params: Iterable[Param]) -> Schema:
    known = {param.name: _parameter(param) for param in params}
    return setting | {"properties": known, "additionalProperties": False}


def _parameter(param: Param) -> Schema:
    return {
        "type": "number",
        "minimum": param.low,
        "maximum": param.high,
        "default": param.default,
        "description": f"{param.doc} ({param.unit})",
    }
