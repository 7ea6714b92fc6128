"""The mixer inside the codec: switched through, and loud enough."""

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from ddsp_pi.rack.spec import MixerSetting
from ddsp_pi.service.findings import Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.host import NOT_INSTALLED
from ddsp_pi.service.mends import Command, Packages
from ddsp_pi.service.sound import Card, card_of
from ddsp_pi.service.view import View, has_codec, rack_here

SECTION = "Codec"

STORE = Command("alsactl store")
"""Without it, the next start forgets what was set."""

_STORED = "/var/lib/alsa/asound.state"
_TYPE = re.compile(r"type=(\w+)")
_LOWEST = re.compile(r"min=(-?\d+)")
_ITEM = re.compile(r"Item #(\d+) '(.*)'")
_VALUES = re.compile(r"^ *: values=(.*)$", re.MULTILINE)


class Control(NamedTuple):
    """A control as amixer tells it: its values in words, lowest first."""

    type: str
    values: tuple[str, ...]
    lowest: str


class _Deviation(NamedTuple):
    setting: MixerSetting
    found: str
    silent: bool


def parse(told: str) -> Control:
    """What `amixer cget` prints.

    Raises:
        ValueError: it is none of that.
    """
    kind, values = _TYPE.search(told), _VALUES.search(told)
    if kind is None or values is None:
        raise ValueError(f"not what amixer tells of a control: {told!r}")
    items, low = dict(_ITEM.findall(told)), _LOWEST.search(told)
    each = values[1].strip().split(",")
    return Control(kind[1], tuple(items.get(value, value) for value in each), low[1] if low else "")


def _mixer(view: View) -> Finding:
    card = card_of(view.host, view.codec)
    if not view.codec.mixer:
        return skipped(f"the {view.codec.name} has none")
    if card is None:
        return skipped("its card is not there")
    told = {setting: view.host.run(_get(card, setting)) for setting in view.codec.mixer}
    if any(answer.code == NOT_INSTALLED for answer in told.values()):
        return fault("amixer is not installed, so nobody can say", Packages(("alsa-utils",)))
    missing = [setting.control for setting, answer in told.items() if answer.code]
    if missing:
        return fault(
            f"{card.id} has no control {', '.join(map(repr, missing))}",
            by_hand=f"'amixer -c {card.id} controls' lists what it has: is it another codec's driver?",
        )
    found = [_deviation(setting, parse(answer.out)) for setting, answer in told.items()]
    return _judged(view, card, [deviation for deviation in found if deviation is not None])


def _deviation(setting: MixerSetting, control: Control) -> _Deviation | None:
    """Louder than asked for is a matter of taste; silent, or switched to something else, is not."""
    if control.type == "INTEGER":
        lowest = min(int(value) for value in control.values)
        if lowest >= int(setting.value):
            return None
        return _Deviation(setting, str(lowest), silent=str(lowest) == control.lowest)
    if all(value == setting.value for value in control.values):
        return None
    return _Deviation(setting, ",".join(control.values), silent=True)


def _judged(view: View, card: Card, deviations: list[_Deviation]) -> Finding:
    if not deviations:
        return _stored(view, card)
    said = "; ".join(
        f"{each.setting.control} is {each.found}, not {each.setting.value}" for each in deviations
    )
    mends = (*(_set(card, each) for each in deviations), STORE)
    find = fault if any(each.silent for each in deviations) else warning
    return find(said, *mends, why="; ".join(each.setting.otherwise for each in deviations))


def _stored(view: View, card: Card) -> Finding:
    kept = view.host.text(_STORED)
    if kept is not None and f"state.{card.id} " not in kept:
        return warning(
            f"as it must be, but not stored in {_STORED}", STORE, why="the next start forgets what was set"
        )
    return ok(f"{len(view.codec.mixer)} controls are as they must be")


def _get(card: Card, setting: MixerSetting) -> Sequence[str]:
    return ("amixer", "-c", card.id, "cget", f"name='{setting.control}'")


def _set(card: Card, deviation: _Deviation) -> Command:
    name = f"amixer -c {card.id} cset name='{deviation.setting.control}'"
    # The board may have been taken off since.
    back = f"{name} {shlex.quote(deviation.found)} && alsactl store || true"
    return Command(f"{name} {shlex.quote(deviation.setting.value)}", back, sudo=False)


CHECKS = (
    Check(
        "mixer",
        SECTION,
        "codec's mixer",
        "a codec starts muted and connected to nothing",
        _mixer,
        (rack_here, has_codec),
    ),
)
