"""Settings and instruments: what was chosen, and whether it is there."""

import re
from pathlib import Path

from ddsp_pi.rack.boards import board_names
from ddsp_pi.service.findings import Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.sound import cards, listed
from ddsp_pi.service.view import View, has_board, has_codec, has_config

SECTION = "Settings"

_AGAIN = "pip install --force-reinstall ddsp-pi"
_OF_ALSA = {"default", "sysdefault", "dmix", "pulse", "pipewire", "jack"}
_CARD_NAME = re.compile(r"^(?:plug)?(?:hw:)?(?:CARD=)?([^,:=]+)(?:,.*)?$")


def _config(view: View) -> Finding:
    if view.config is not None:
        return ok(view.config_said)
    return fault(view.config_said, "ddsp-pi config check", by_hand="correct the line that is named")


def _board(view: View) -> Finding:
    there = ", ".join(board_names())
    if view.board is not None:
        return ok(f"{view.board.name}: {view.board_said} (there are: {there})")
    if view.board_wanted:
        return fault(f"{view.board_said}", by_hand=f"set rack.board to one of: auto, {there}")
    if view.host.model:
        return warning(
            f"none found: {view.board_said} (there are: {there})",
            by_hand="mend SPI and the codec first (below), or name the board in rack.board",
        )
    return skipped(f"none: {view.board_said} (there are: {there})")


def _instruments(view: View) -> Finding:
    found = view.probes.instruments()
    bad = {path: " ".join(reason.split()) for path, reason in found.items() if reason}
    if not found:
        return fault("there is no instrument", _AGAIN)
    if bad:
        return fault(
            f"{len(bad)} of {len(found)} cannot play: {'; '.join(bad.values())}",
            *dict.fromkeys(_replacing(view, path) for path in bad),
            by_hand="get yours again from where you got it, and add it with 'ddsp-pi models add'",
        )
    return ok(f"{', '.join(sorted(path.stem for path in found))}: all fit to play")


def _replacing(view: View, path: Path) -> str:
    return f"rm '{path}'" if path.is_relative_to(view.probes.data_folder()) else _AGAIN


def _device(view: View) -> Finding:
    assert view.config is not None
    audio = view.config.audio
    if audio.backend not in ("portaudio", "alsa"):
        return skipped(f"audio.backend is {audio.backend}: no card is opened")
    there = cards(view.host)
    if isinstance(audio.device, int):
        return warning(
            f"audio.device is number {audio.device}, and numbers change from start to start",
            by_hand=f"set audio.device to a card id; there are: {listed(there)}",
        )
    if audio.device is None:
        return _usual_device(view)
    return _named_device(view, audio.device)


def _usual_device(view: View) -> Finding:
    there, codec = cards(view.host), None if view.board is None else view.board.codec
    if not there:
        find = fault if view.host.model else warning
        return find(
            "no sound card: only a JACK server could play",
            by_hand="plug one in, or mend the codec (below); then 'cat /proc/asound/cards' lists it",
        )
    if codec is not None and there[0].id not in codec.card_ids:
        return warning(
            f"audio.device is empty, and the first of the cards is {there[0].id}, not the board's codec",
            by_hand=f"set audio.device to {codec.card_ids[0]} in the configuration",
        )
    return ok(f"the system's choice, of: {listed(there)}")


def _named_device(view: View, wanted: str) -> Finding:
    match = _CARD_NAME.match(wanted)
    name = match[1] if match else wanted
    ids = {card.id for card in cards(view.host)} | {str(card.number) for card in cards(view.host)}
    told = "\n".join(view.host.text(f"/proc/asound/{file}") or "" for file in ("cards", "pcm"))
    if name in ids | _OF_ALSA or wanted.casefold() in told.casefold():
        return ok(f"{wanted} is there")
    return fault(
        f"audio.device is {wanted!r}, and no card is called so; there are: {listed(cards(view.host))}",
        by_hand="set audio.device to one of these, or leave it empty",
    )


def _rate(view: View) -> Finding:
    assert view.config is not None
    audio, codec = view.config.audio, view.codec
    if audio.sample_rate not in codec.rates_hz:
        rates = ", ".join(map(str, codec.rates_hz))
        return fault(
            f"audio.sample_rate is {audio.sample_rate}, and the {codec.name} has {rates} Hz",
            by_hand="set audio.sample_rate to 48000",
        )
    if audio.inputs > codec.inputs:
        return fault(
            f"audio.inputs is {audio.inputs}, and the {codec.name} has {codec.inputs}",
            by_hand=f"set audio.inputs to {codec.inputs}",
        )
    return ok(f"{audio.sample_rate} Hz, {audio.inputs} inputs: the {codec.name} has them")


CHECKS = (
    Check("config", SECTION, "configuration", "a file with a mistake in it is not played from", _config),
    Check("board", SECTION, "board", "the checks below are made for this board", _board),
    Check("instruments", SECTION, "instruments", "a damaged one cannot be chosen", _instruments),
    Check(
        "audio-device",
        SECTION,
        "sound card",
        "what plays on the wrong card, or waits for one that is not there, is silent",
        _device,
        needs=(has_config,),
    ),
    Check(
        "audio-format",
        SECTION,
        "sound format",
        "the codec refuses what it does not have",
        _rate,
        needs=(has_config, has_board, has_codec),
    ),
)
