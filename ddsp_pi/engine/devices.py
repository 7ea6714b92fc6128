"""Which sound card is meant: by a part of its name, its ALSA card id or its number."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ddsp_pi.errors import AudioError, ConfigError

APIS: dict[str, str | None] = {"portaudio": None, "jack": "JACK Audio Connection Kit", "alsa": "ALSA"}
"""PortAudio's own names of the interfaces that a backend asks for; None: whichever has the device."""

_CARDS = Path("/proc/asound/cards")
_CARD_ROW = re.compile(r"^ *(\d+) \[(\S+) *\]:", re.MULTILINE)
_CARD_NAME = re.compile(r"^(?:plug)?(?:hw:)?(?:CARD=)?([^,:=]+)(?:,(?:DEV=)?(\d+))?$")
_HARDWARE = re.compile(r"\(hw:(\d+),(\d+)\)$")


class MissingDeviceError(AudioError):
    """A device that is not there, yet: worth waiting for."""


class Device(msgspec.Struct, frozen=True):
    """One row of PortAudio's list. `default` marks its interface's own choice for output."""

    index: int
    name: str
    api: str
    outputs: int
    inputs: int
    rate_hz: float
    default: bool = False


def listed(devices: Iterable[Mapping[str, Any]], apis: Sequence[Mapping[str, Any]]) -> list[Device]:
    """PortAudio's devices and interfaces, as sounddevice's two queries give them."""
    return [
        Device(
            index=index,
            name=row["name"],
            api=apis[row["hostapi"]]["name"],
            outputs=row["max_output_channels"],
            inputs=row["max_input_channels"],
            rate_hz=row["default_samplerate"],
            default=apis[row["hostapi"]]["default_output_device"] == index,
        )
        for index, row in enumerate(devices)
    ]


def card_numbers() -> dict[str, int]:
    """The ALSA cards of this machine: id → number."""
    text = _CARDS.read_text("utf-8") if _CARDS.exists() else ""
    return {name: int(number) for number, name in _CARD_ROW.findall(text)}


def choose(
    devices: Sequence[Device],
    wanted: str | int | None,
    backend: str,
    inputs: bool = False,
    cards: Mapping[str, int] | None = None,
) -> Device:
    """The device to play on, and to listen to if there are `inputs`.

    Args:
        devices: all that PortAudio lists.
        wanted: index, card id (`sndrpiwsp`, `hw:CARD=sndrpiwsp`, `hw:1,0`), name or a part of
            it; None: the default.
        backend: a key of APIS.
        inputs: whether the device must have inputs too.
        cards: ALSA's ids and numbers.

    Raises:
        MissingDeviceError: no device fits, now.
        ConfigError: more than one fits.
    """
    there = [d for d in devices if APIS[backend] in (None, d.api)]
    usable = [d for d in there if d.outputs and (d.inputs or not inputs)]
    found = _found(usable, wanted, cards or {})
    if not found:
        raise MissingDeviceError(_missing(usable, wanted, backend, inputs))
    if len(found) > 1:
        raise ConfigError(
            f"audio device {wanted!r} may be any of {_names(found)}; "
            "give more of its name in audio.device, or its number"
        )
    return found[0]


def _found(usable: Sequence[Device], wanted: str | int | None, cards: Mapping[str, int]) -> list[Device]:
    """All devices that fit best."""
    if wanted is None:
        return _preferred(usable)[:1]
    if isinstance(wanted, int):
        return [d for d in usable if d.index == wanted]
    name = wanted.casefold()
    tries = (
        [d for d in usable if d.name.casefold() == name],
        _on_card(usable, wanted, cards),
        [d for d in usable if name in d.name.casefold()],
    )
    found = next(filter(None, tries), [])
    # The same hardware is listed once for each interface: take the one that PortAudio takes.
    return [d for d in found if d.api == found[0].api]


def _preferred(usable: Sequence[Device]) -> list[Device]:
    return sorted(usable, key=lambda d: not d.default)


def _on_card(usable: Sequence[Device], wanted: str, cards: Mapping[str, int]) -> list[Device]:
    """ALSA's own way to name hardware, where the first device of a card needs no number."""
    match = _CARD_NAME.match(wanted)
    if match is None:
        return []
    card, device = match[1], int(match[2] or 0)
    number = int(card) if card.isdigit() else cards.get(card)
    at = {d: _HARDWARE.search(d.name) for d in usable}
    return [d for d, found in at.items() if found and (int(found[1]), int(found[2])) == (number, device)]


def _missing(usable: Sequence[Device], wanted: str | int | None, backend: str, inputs: bool) -> str:
    what = "audio output" if not inputs else "audio device with outputs and inputs"
    named = "" if wanted is None else f" {wanted!r}"
    if backend == "jack" and not usable:
        return f"no{named} {what} of JACK: no server is running, or it has no such ports"
    through = APIS[backend] or "PortAudio"
    return f"no{named} {what} at {through}; there are: {_names(usable) or 'none'}"


def _names(devices: Sequence[Device]) -> str:
    return ", ".join(f"{d.index} {d.name!r} ({d.api.split()[0]})" for d in devices)
