"""What other settings cost while it plays: a table."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.processes.tuning import pitch_jack


class Effect(NamedTuple):
    """What has to be done so that a new setting plays."""

    words: str
    engine: bool = False
    """Whether the engine is told."""
    control: bool = False
    """Whether the control process begins again."""
    anew: bool = False
    """Whether everything does."""


TURNED = Effect("at once, like a knob that is turned", engine=True)
FADE = Effect("a fade of 50 ms; notes that are held go on", engine=True)
MODE = Effect("a fade of 50 ms; notes by MIDI and OSC end", engine=True, control=True)
CARD = Effect(
    "the sound fades out and comes back after a second or two; notes that are held go on", engine=True
)
PANEL = Effect(
    "the sound goes on; jacks and gates stand still for a second or two, notes by MIDI and OSC end",
    control=True,
)
ANEW = Effect("everything fades out and begins anew, in a few seconds", anew=True)
LATER = Effect("from the next start on")
PATCH = Effect("Pd plays the other patch; as a service nothing else notices, by hand everything begins anew")

EFFECTS: Mapping[str, Effect] = {
    "params": TURNED,
    "model": FADE,
    "morph_to": FADE,
    "voices": FADE,
    "cv": FADE,
    "mode": MODE,
    "resume": LATER,
    "rack": PANEL,
    "osc": PANEL,
    "midi": PANEL,
    "audio": CARD,
    "rack.board": ANEW,
    "pd": PATCH,
}
"""The effect of each section; a longer name counts before its section."""


def changes(old: Config, new: Config) -> list[str]:
    """The settings that differ, by their names, such as `audio.period`."""
    return list(_differing(msgspec.to_builtins(old), msgspec.to_builtins(new)))


def effects(old: Config, new: Config, service: bool = False) -> set[Effect]:
    """All that has to be done; of a service, Pd has a unit of its own, which sees to itself."""
    names = changes(old, new)
    found = {EFFECTS.get(name) or EFFECTS[name.partition(".")[0]] for name in names}
    # Whether Pd is patched in between depends on the backend.
    if not service and (PATCH in found or ("audio.backend" in names and new.pd.patch)):
        found.add(ANEW)
    if pitch_jack(old.cv.routes) != pitch_jack(new.cv.routes):
        # The panel calibrates the jack that plays the pitch.
        found.add(PANEL)
    return found


def difference(old: Any, new: Any) -> dict[str, Any]:
    """What `put` must put over one map to get the other, as far as values are added or differ."""
    return {
        key: difference(old[key], value) if _both_maps(old.get(key), value) else value
        for key, value in new.items()
        if key not in old or old[key] != value
    }


def put(config: Config, over: Mapping[str, Any]) -> Config:
    """Settings with what was chosen otherwise over them."""
    return msgspec.convert(_merged(msgspec.to_builtins(config), over), Config) if over else config


def effect_table() -> str:
    """The table of the docs, in Markdown."""
    rows = "".join(f"| `{name}` | {effect.words} |\n" for name, effect in EFFECTS.items())
    return f"| what changes | what it costs |\n|---|---|\n{rows}"


def _differing(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) == new.get(key):
            continue
        if not prefix and _both_maps(old.get(key), new.get(key)):
            yield from _differing(old[key], new[key], f"{key}.")
        else:
            yield prefix + key


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return base | {
        key: _merged(base[key], value) if _both_maps(base.get(key), value) else value
        for key, value in over.items()
    }


def _both_maps(one: Any, other: Any) -> bool:
    return isinstance(one, dict) and isinstance(other, dict)
