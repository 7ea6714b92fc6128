"""The addresses there are: what each takes, means and says. What is listed works, and nothing else does."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ddsp_pi.control.messages import message, whole

Said = float | int | str
"""What a message can carry."""

Sender = tuple[str, int]
"""Host and UDP port of whoever sent a message."""

Read = Callable[[], Sequence[Said] | None]
"""What an address says now; None: not known yet."""

Write = Callable[..., bytes | None]
"""Given the sender and the checked values; a message that it returns goes back to the sender."""

LONGEST_TEXT = 256
"""Letters of a text that is taken."""

WHOLE = (-(1 << 31), (1 << 31) - 1)
"""Whole numbers that fit into a message."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a message: its OSC type, range and unit."""

    tag: Literal["f", "i", "s"]
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: Callable[[], Sequence[str]] | None = None
    """What a text may be, for who wants to choose; refusing the rest is up to who acts."""
    held: bool = False
    """Whether numbers outside are held at the ends of the range; otherwise they are refused."""
    optional: bool = False

    def checked(self, value: object) -> Said:
        """The value as it is meant: a whole number for an `i` that came as a float, as Pd sends it.

        Raises:
            ValueError: it is of another kind, or outside; the message says what is wanted.
        """
        if self.tag == "s":
            return _text(value)
        # Switches of some control surfaces send True and False.
        if isinstance(value, bool) and (self.tag, self.low, self.high) == ("i", 0, 1):
            return int(value)
        if self.tag == "i":
            low, high = (round(end) for end in self._ends(*WHOLE))
            return whole(value, low, high, "a whole number")
        return self._number(value)

    def _number(self, value: object) -> float:
        low, high = self._ends(-math.inf, math.inf)
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise ValueError("wants a number")
        number = float(value)
        if self.held:
            return float(min(max(number, low), high))
        if not low <= number <= high or math.isinf(number):
            raise ValueError(f"wants a number from {low:g} to {high:g}")
        return number

    def _ends(self, low: float, high: float) -> tuple[float, float]:
        return low if self.low is None else self.low, high if self.high is None else self.high


@dataclass(frozen=True, slots=True)
class Address:
    """One address. Without values it is a push button; without `read` nobody can ask it."""

    path: str
    doc: str
    values: tuple[Value, ...] = ()
    read: Read | None = None
    write: Write | None = None

    @property
    def tags(self) -> str:
        """The OSC types of its values."""
        return "".join(value.tag for value in self.values)

    def checked(self, values: Sequence[object]) -> list[Said]:
        """The values of a message as they are meant.

        Raises:
            ValueError: there are too few or too many, or one is wrong.
        """
        if not self.values and len(values) == 1 and (values[0] is None or values[0] is True):
            return []
        least = sum(not value.optional for value in self.values)
        if not least <= len(values) <= len(self.values):
            raise ValueError(f"wants {_amount(least, len(self.values))}, not {len(values)}")
        return [wanted.checked(value) for wanted, value in zip(self.values, values, strict=False)]

    def said(self) -> bytes | None:
        """What it says now, as a message; None: not known yet, or nobody can ask."""
        values = None if self.read is None else self.read()
        return None if values is None else message(self.path, self.tags[: len(values)], *values)


class Namespace(Mapping[str, Address]):
    """Addresses by their exact paths."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        """Raises ValueError where two have one path."""
        self._addresses: dict[str, Address] = {}
        for address in addresses:
            if address.path in self._addresses:
                raise ValueError(f"{address.path} is listed twice")
            self._addresses[address.path] = address

    def __getitem__(self, path: str) -> Address:
        return self._addresses[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)

    def act(self, path: str, values: Sequence[Any], sender: Sender) -> bytes | None:
        """Do what a message asks for; returns what goes back to its sender, if anything.

        Raises:
            ValueError: nobody listens there, or the values are wrong.
        """
        address = self._addresses.get(path)
        if address is None:
            raise ValueError(_unknown(path))
        if address.write is None:
            raise ValueError("can only be asked, by /ddsp/get")
        return address.write(sender, *address.checked(values))

    def ask(self, path: str) -> bytes:
        """What an address says now, as a message.

        Raises:
            ValueError: nobody is there, or it says nothing.
        """
        if path not in self._addresses:
            raise ValueError(f"{path[:LONGEST_TEXT]}: {_unknown(path)}")
        said = self._addresses[path].said()
        if said is None:
            raise ValueError(f"{path} has nothing to say")
        return said


def _unknown(path: str) -> str:
    if any(letter in path for letter in "*?[]{}"):
        return "patterns are not taken; name each address"
    return "nobody listens to that address"


def _amount(least: int, most: int) -> str:
    if most == 0:
        return "no value"
    many = f"{most} value{'s' * (most > 1)}"
    return many if least == most else f"{least} to {many}"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("wants a text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"wants a text of at most {LONGEST_TEXT} letters")
    return value
