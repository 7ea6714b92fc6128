"""Which board carries this Pi, by what the system shows of it. Nothing is sent to any chip."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import chain
from typing import NamedTuple

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.boards import board_names, find_board
from ddsp_pi.rack.spec import BoardSpec, Codec
from ddsp_pi.service.bootfiles import read_boot
from ddsp_pi.service.host import Host
from ddsp_pi.service.sound import card_of, cards, listed

BARE = "breadboard"
"""The board without a codec: what is left when there is SPI and nothing else is known."""


class Detected(NamedTuple):
    """A board by its name, None if none was found, and why."""

    name: str | None
    reason: str


def detect_board(host: Host) -> Detected:
    """The board whose parts are there.

    A computer that is no Raspberry Pi may have anything at the end of its SPI bus, and bytes meant for a
    converter could do harm there: without a codec that is known, nothing is assumed.
    """
    devices = host.glob("/dev/spidev*")
    if not devices:
        return Detected(None, "there is no /dev/spidev*: SPI is off, or this computer has none")
    by_codec = detect_codec(host)
    if by_codec.name is not None:
        return by_codec
    if not host.model:
        return Detected(None, f"{devices[0]} is there, but this is not a Raspberry Pi: name the board")
    path = find_board(BARE).spi.path
    if path not in devices:
        return Detected(None, f"SPI is on, but {path} is not there: {', '.join(devices)}")
    return Detected(BARE, f"{path} is there, and {by_codec.reason}")


def detect_codec(host: Host) -> Detected:
    """The board whose codec is there as a sound card, or is at least named in config.txt."""
    nothing = Detected(None, f"no board's codec is among the sound cards ({listed(cards(host))})")
    return next(chain(_by_card(host), _by_overlay(host)), nothing)


def _by_card(host: Host) -> Iterator[Detected]:
    for board, codec in _codecs():
        if card := card_of(host, codec):
            yield Detected(board.name, f"its codec is here as sound card {card.id}")


def _by_overlay(host: Host) -> Iterator[Detected]:
    boot = read_boot(host)
    active = [line.overlay for line in boot.overlays() if line.applies] if boot else []
    for board, codec in _codecs():
        for name in codec.overlays:
            if boot and name in active:
                yield Detected(board.name, f"its codec's overlay {name} is in {boot.config}")


@cache
def boards() -> tuple[BoardSpec, ...]:
    """The tables of all boards that can be loaded, read once: looking for entry points is slow."""
    found = []
    for name in board_names():
        # A damaged board of somebody else's must not hide the others.
        with suppress(BoardError):
            found.append(find_board(name))
    return tuple(found)


def _codecs() -> list[tuple[BoardSpec, Codec]]:
    return [(board, board.codec) for board in boards() if board.codec is not None]
