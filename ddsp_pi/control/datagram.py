"""Reads what came in a datagram. The work for any of them is bounded, whatever it holds.

Written to the OSC 1.0 specification, with the types of 1.1 that carry no bytes.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MOST_MESSAGES = 256
"""Messages of one datagram."""

DEEPEST = 8
"""Bundles within bundles."""

MOST_VALUES = 64
LONGEST_PATH = 256

BUNDLE = b"#bundle\0"
_HEAD = 16
"""Bytes before the first element: a name, and a time that nobody looks at.

A module without a clock would hold what is stamped in its future, so everything is meant at once.
"""


class Message(NamedTuple):
    """An address and what was sent there."""

    path: str
    values: list[Any]


def read_datagram(datagram: bytes) -> Iterator[Message]:
    """The messages of a datagram in order, of bundles and bundles within as well.

    Raises:
        ValueError: it is none, or too large; what came before that has been yielded.
    """
    for count, (start, end) in enumerate(_elements(datagram, 0, len(datagram), 0)):
        if count >= MOST_MESSAGES:
            raise ValueError(f"more than {MOST_MESSAGES} messages in one datagram")
        yield _message(datagram, start, end)


def _elements(data: bytes, start: int, end: int, depth: int) -> Iterator[tuple[int, int]]:
    """Where the messages begin and end."""
    if not data.startswith(BUNDLE, start, end):
        yield start, end
        return
    if depth >= DEEPEST:
        raise ValueError(f"more than {DEEPEST} bundles in one another")
    start += _HEAD
    while start < end:
        size, start = _size(data, start, end)
        yield from _elements(data, start, start + size, depth + 1)
        start += size
    if start != end:
        raise ValueError("a bundle that is cut off")


def _size(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A length and where what it counts begins."""
    if start + 4 > end:
        raise ValueError("cut off")
    size = int.from_bytes(data[start : start + 4], "big")
    if start + 4 + size > end:
        raise ValueError("cut off")
    return size, start + 4


def _message(data: bytes, start: int, end: int) -> Message:
    if not data.startswith(b"/", start, end):
        raise ValueError("no OSC: wants an address that begins with /")
    path, at = _text(data, start, end)
    if len(path) > LONGEST_PATH:
        raise ValueError(f"an address of more than {LONGEST_PATH} letters")
    if at >= end:
        # Some old senders leave out the types where there is no value.
        return Message(path, [])
    tags, at = _text(data, at, end)
    if not tags.startswith(",") or len(tags) > MOST_VALUES + 1:
        raise ValueError(f"{path}: wants a comma and the types of at most {MOST_VALUES} values")
    values = []
    for tag in tags[1:]:
        value, at = _value(tag, data, at, end)
        values.append(value)
    return Message(path, values)


def _value(tag: str, data: bytes, at: int, end: int) -> tuple[Any, int]:
    if tag in _PLAIN:
        return _PLAIN[tag], at
    if tag in _NUMBERS:
        number = _NUMBERS[tag]
        if at + number.size > end:
            raise ValueError("cut off")
        return number.unpack_from(data, at)[0], at + number.size
    if tag in _LONG:
        return _LONG[tag](data, at, end)
    raise ValueError(f"values of type {tag!r} are not known")


def _text(data: bytes, start: int, end: int) -> tuple[str, int]:
    """A text and where the next thing begins: it ends with a zero, and is padded to four bytes."""
    zero = data.find(b"\0", start, end)
    if zero < 0:
        raise ValueError("cut off")
    return data[start:zero].decode(), start + (zero - start) // 4 * 4 + 4


def _blob(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    size, start = _size(data, start, end)
    return data[start : start + size], start + (size + 3) // 4 * 4


_PLAIN = {"T": True, "F": False, "N": None, "I": None}
_NUMBERS = {tag: struct.Struct(f">{code}") for tag, code in {"i": "i", "f": "f", "h": "q", "d": "d"}.items()}
_LONG: dict[str, Callable[[bytes, int, int], tuple[Any, int]]] = {"s": _text, "S": _text, "b": _blob}
