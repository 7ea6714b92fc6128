"""Typed settings: one YAML file over the packaged defaults, checked before anything starts.

The defaults stand in `configs/default.yaml` and nowhere else; `sections` says what a value may be
and mean, once, for the check and for `ddsp-pi config explain`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from ddsp_pi.errors import ConfigError
from ddsp_pi.located import Place, Problem, YamlFile, problem_of, read_yaml
from ddsp_pi.places import SYSTEM_FILE
from ddsp_pi.sections import Audio, Cv, Midi, Osc, Pd, Rack
from ddsp_pi.setting import Setting, describe
from ddsp_pi.shipped import configs_folder


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a file can set."""

    mode: Annotated[
        str,
        Meta(
            min_length=1,
            description="How the instrument is played; cv: by the jacks, cross: by the audio input, "
            "style: by notes that are struck, drums: by a drum at the audio input.",
        ),
    ]
    model: Annotated[
        str,
        Meta(
            min_length=1,
            description="Which instrument plays, by name or as a file; in mode drums, which mapper turns the "
            "knobs, or which instrument is struck.",
        ),
    ]
    morph_to: Annotated[
        str | None, Meta(description="Second instrument, towards which `morph` goes. Empty: none.")
    ]
    voices: Annotated[
        int,
        Meta(
            ge=1, le=8, description="Notes that can sound at once; 2 play from two pairs of pitch and gate."
        ),
    ]
    resume: Annotated[
        bool, Meta(description="Whether it begins as it was when it was switched off; as a service only.")
    ]
    audio: Audio
    rack: Rack
    cv: Cv
    params: Annotated[
        dict[str, float], Meta(description="Where the parameters stand at the start, each in its own unit.")
    ]
    osc: Osc
    midi: Midi
    pd: Pd


class Loaded(NamedTuple):
    """Settings, and the file that they come from."""

    config: Config
    source: YamlFile


def usual_file() -> Path | None:
    """The file of this system, if it has one."""
    return SYSTEM_FILE if SYSTEM_FILE.is_file() else None


def load_config(path: Path | None = None, mode: str = "") -> Config:
    """The packaged defaults, over them those of the mode, over these a file; maps are merged, lists replaced.

    Args:
        path: the file; None: there is none.
        mode: plays whatever the file says; empty: the file's.

    Raises:
        ConfigError: the file cannot be read or used; the message says what, on which line, and why.
    """
    return read_config(path, mode).config


def read_config(path: Path | None = None, mode: str = "") -> Loaded:
    """The same, for who wants to say later where in the file something stands.

    Raises:
        ConfigError: see load_config.
    """
    source = _defaults() if path is None else read_yaml(path)
    said = {} if path is None else source.data
    data = _merged(_defaults_of(mode or _mode(said)), said)
    if mode and isinstance(data, dict):
        data["mode"] = mode
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise _complaint(problem_of(str(error), data), source) from None
    for place in _not_finite(msgspec.to_builtins(config)):
        raise _complaint(Problem("expected a finite number", place), source)
    return Loaded(config, source)


def _merged(base: Any, over: Any) -> Any:
    # A section whose lines are all commented out reads as None and says nothing.
    if over is None and isinstance(base, dict):
        return base
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: _merged(base.get(key), value) for key, value in over.items()}
    return over


def _not_finite(value: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, float) and not math.isfinite(value):
        yield place
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for step, item in value.items():
            yield from _not_finite(item, (*place, step))


def explain(key: str = "") -> list[Setting]:
    """The setting of that name, or all inside a section; no name: all there are.

    Raises:
        ConfigError: there is no such setting.
    """
    name = re.sub(r"^\$\.?|\[\d+\]", "", key)
    found = _inside(name)
    if not found:
        raise ConfigError(f"no setting called {key!r}; {_suggestion(name, _settings())}")
    return found


def _inside(name: str) -> list[Setting]:
    return [setting for key, setting in _settings().items() if not name or f"{key}.".startswith(f"{name}.")]


def _complaint(problem: Problem, source: YamlFile) -> ConfigError:
    return ConfigError(f"{problem.what} {source.where(problem.place)}; {_HINTS[problem.kind](problem.place)}")


def _hint_explain(place: Place) -> str:
    command = f"ddsp-pi config explain {_key(place)}".strip()
    return f"see '{command}'"


def _hint_choice(place: Place) -> str:
    return f"it may be {_settings()[_key(place)].type}"


def _hint_key(place: Place) -> str:
    section = _key(place[:-1])
    inside = [setting.key.removeprefix(section).lstrip(".") for setting in _inside(section)]
    return _suggestion(str(place[-1]), dict.fromkeys(key.partition(".")[0] for key in inside))


_HINTS: dict[str, Callable[[Place], str]] = {
    "value": _hint_explain,
    "choice": _hint_choice,
    "key": _hint_key,
}


def _key(place: Place) -> str:
    """The nearest name on the way to a place that `explain` knows."""
    names = [step for step in place if isinstance(step, str)]
    while names and not _inside(".".join(names)):
        names.pop()
    return ".".join(names)


def _suggestion(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names)}"


@cache
def _defaults() -> YamlFile:
    return read_yaml(configs_folder() / "default.yaml")


def _mode(data: Any) -> str:
    said = data.get("mode") if isinstance(data, dict) else None
    return said if isinstance(said, str) else ""


def _defaults_of(mode: str) -> Any:
    """What a mode plays with where nobody says otherwise."""
    own = {path.stem: path for path in (configs_folder() / "modes").glob("*.yaml")}
    return _merged(_defaults().data, read_yaml(own[mode]).data if mode in own else {})


@cache
def _settings() -> dict[str, Setting]:
    return describe(Config, _defaults().data)
