"""Pages whose tables are made: what stands between `<!-- name -->` and `<!-- /name -->` is renewed."""

import re
from collections.abc import Callable, Mapping, Sequence

from ddsp_pi.config import Config
from ddsp_pi.rack.spec import BoardSpec
from hardware import boot, parts, pis, tables
from hardware.plays import Setup

_SECTION = re.compile(r"<!-- (?P<name>[a-z]+) -->\n.*?<!-- /(?P=name) -->", re.DOTALL)
_WINDOWS = "terminal-tedium-wm8731"
"""Whose knobs the page about all boards takes for its example."""

BOARD: dict[str, Callable[[BoardSpec, Setup], str]] = {
    "drawings": lambda spec, setup: drawings(spec),
    "notes": lambda spec, setup: tables.notes(spec),
    "jacks": lambda spec, setup: tables.jacks(spec, setup.config),
    "panel": lambda spec, setup: tables.panel(spec, setup.config),
    "pins": lambda spec, setup: tables.pins(spec),
    "converter": lambda spec, setup: tables.converter(spec),
    "boot": lambda spec, setup: boot.page(spec),
    "mixer": lambda spec, setup: boot.mixer(spec),
    "settings": lambda spec, setup: boot.settings(spec, setup),
    "parts": lambda spec, setup: parts.bill(spec),
}
"""The sections of a board's page."""

EVERY = ("notes", "jacks", "panel", "pins", "boot", "mixer", "settings")
"""Those that no board's page goes without."""

NEW = """# {title}

<!-- notes -->
<!-- /notes -->

## Panel

<!-- jacks -->
<!-- /jacks -->

<!-- panel -->
<!-- /panel -->

## Pins

<!-- pins -->
<!-- /pins -->

<!-- drawings -->
<!-- /drawings -->

## Boot files

<!-- boot -->
<!-- /boot -->

## Mixer

<!-- mixer -->
<!-- /mixer -->

## Configuration

<!-- settings -->
<!-- /settings -->
"""
"""What the page of a new board begins as."""


def drawings(spec: BoardSpec) -> str:
    """The two drawings."""
    return "\n\n".join(f"![{spec.title}: {what}]({spec.name}-{what}.svg)" for what in ("panel", "wiring"))


def of_board(text: str, spec: BoardSpec, setup: Setup) -> str:
    """The page of a board, renewed."""
    return renewed(
        text, {name: make(spec, setup) for name, make in BOARD.items() if f"<!-- {name} -->" in text}
    )


def of_all(text: str, specs: Sequence[BoardSpec], config: Config) -> str:
    """The page about all boards, renewed."""
    example = next(spec for spec in specs if spec.name == _WINDOWS)
    made = {
        "boards": tables.boards(specs),
        "knobs": tables.knobs(example.cvs[0]),
        "budget": tables.budget(specs, config.rack.oversample),
        "pis": pis.models(),
        "kernels": pis.kernels(),
    }
    return renewed(text, made)


def renewed(text: str, made: Mapping[str, str]) -> str:
    """A page with its sections made again.

    Raises:
        ValueError: one of them is missing in the page, or the page has one that nobody makes.
    """
    found = [match["name"] for match in _SECTION.finditer(text)]
    if sorted(found) != sorted(made):
        raise ValueError(f"sections {sorted(found)} where {sorted(made)} belong")
    return _SECTION.sub(lambda at: f"<!-- {at['name']} -->\n{made[at['name']]}\n<!-- /{at['name']} -->", text)
