"""What control asks of the engine and what the engine has to say, as records for the link's rings."""

from typing import TypeAlias

import msgspec

from ddsp_pi.errors import LinkError
from ddsp_pi.frame import Edge, Note
from ddsp_pi.link.ring import PAYLOAD, Ring


class Set(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A parameter gets a value, in its own unit."""

    name: str
    value: float


class Select(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Play the instrument in this file."""

    path: str


class Panic(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Silence, every gate closed, every note released."""


class Measure(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Another drum is played, of which this was learned; see dsp.yardstick."""

    measures: dict[str, list[float]]


class Configure(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Play with the newest settings there are."""


class Said(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A line for the log."""

    text: str


Edit: TypeAlias = Set | Edge | Note | Select | Panic | Measure | Configure

_KEPT = 256
_encode = msgspec.msgpack.Encoder().encode
_edits: msgspec.msgpack.Decoder[Edit] = msgspec.msgpack.Decoder(Edit)
_said = msgspec.msgpack.Decoder(Said)
_OVERHEAD = 16
"""Bytes that a record takes beside its text, and a few to spare."""


def encode(edit: Edit) -> bytes:
    """One edit as a record.

    Raises:
        LinkError: it is too long for one, such as a path of 500 letters.
    """
    record = _encode(edit)
    if len(record) > PAYLOAD:
        raise LinkError(f"{type(edit).__name__} of {len(record)} bytes is too long: {PAYLOAD} fit")
    return record


def decode(record: bytes) -> Edit:
    """The edit in a record.

    Raises:
        msgspec.DecodeError: the record holds none.
    """
    return _edits.decode(record)


def say(ring: Ring, text: str) -> bool:
    """Put a line for the log into a ring, cut to what fits; False if the ring is full."""
    kept = text.encode("utf-8", "replace")[: PAYLOAD - _OVERHEAD].decode("utf-8", "ignore")
    return ring.push(_encode(Said(kept)))


def heard(ring: Ring) -> list[str]:
    """The lines that wait in a ring, oldest first."""
    return [_said.decode(record).text for record in ring.drain(ring.slots)]


class Outbox:
    """Sends edits into a ring in order, and keeps them while the ring is full.

    What is kept is coalesced: of several values for one parameter, several edges of one gate and so
    on, the latest is sent. At most 256 edits are kept; beyond that the oldest is lost and counted.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._kept: dict[object, bytes] = {}
        self.lost = 0

    def __len__(self) -> int:
        """Edits that wait for room in the ring."""
        return len(self._kept)

    def send(self, edit: Edit) -> None:
        """Send an edit now if there is room, with the next `flush` that finds some otherwise.

        Raises:
            LinkError: the edit is too long for a record.
        """
        record = encode(edit)
        if not self.flush() or not self._ring.push(record):
            self._keep(_subject(edit), record)

    def flush(self) -> bool:
        """Send what was kept, as far as there is room; whether nothing is kept any more."""
        while self._kept:
            subject = next(iter(self._kept))
            if not self._ring.push(self._kept[subject]):
                return False
            del self._kept[subject]
        return True

    def _keep(self, subject: object, record: bytes) -> None:
        self._kept.pop(subject, None)
        self._kept[subject] = record
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
            self.lost += 1


def _subject(edit: Edit) -> object:
    """What an edit is about: a later one about the same makes it void."""
    match edit:
        case Set():
            return "set", edit.name
        case Edge():
            return "gate", edit.gate
        case Note():
            return "note", edit.note
        case _:
            return type(edit)
