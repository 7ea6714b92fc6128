"""The sound cards of a system, by what the kernel says in /proc/asound."""

from typing import NamedTuple

from ddsp_pi.rack.spec import Codec
from ddsp_pi.service.host import Host
from ddsp_pi.service.users import Process, process


class Card(NamedTuple):
    """A card of ALSA's."""

    number: int
    id: str


def cards(host: Host) -> list[Card]:
    """The cards there are, in order of their numbers."""
    names = host.glob("/proc/asound/card[0-9]*/id")
    found = [Card(int(name.split("/")[3].removeprefix("card")), host.text(name) or "") for name in names]
    return sorted(found)


def card_of(host: Host, codec: Codec) -> Card | None:
    """The card of a board's codec, if it is there."""
    return next((card for card in cards(host) if card.id in codec.card_ids), None)


def listed(found: list[Card]) -> str:
    """Cards in words."""
    return ", ".join(card.id for card in found) or "none"


def user_of(host: Host, card: Card) -> Process | None:
    """Who plays on a card's first device now."""
    rows = [line.split() for line in host.lines(f"/proc/asound/card{card.number}/pcm0p/sub0/status")]
    owners = [int(row[-1]) for row in rows if row[:1] == ["owner_pid"] and row[-1].isdigit()]
    return process(host, owners[0]) if owners else None
