"""Turns functions that act and say into what an address wants."""

import re
from collections.abc import Callable, Iterator, Sequence

from ddsp_pi.control.namespace import Address, Read, Said, Sender, Value, Write

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""Names and nothing else: no one on the network is to open files of their choice."""

Choose = Callable[[str], object] | None
Say = Callable[[], str] | None
Names = Callable[[], Sequence[str]] | None


def act_on(act: Callable[..., object]) -> Write:
    """For who does not mind who sent it."""

    def write(sender: Sender, *values: Said) -> None:
        act(*values)

    return write


def writes(
    path: str, doc: str, values: tuple[Value, ...], act: Callable[..., object] | None
) -> Iterator[Address]:
    """An address that only acts, if there is somebody to act."""
    if act is not None:
        yield Address(path, doc, values, None, act_on(act))


def with_number(act: Callable[..., object] | None, number: int) -> Callable[..., object] | None:
    """What is done to all, done to one of them."""
    return act and (lambda *values: act(number, *values))


def switch(act: Callable[[int, bool], object], number: int) -> Callable[[int], object]:
    """What is done with on and off, done to one of several with 1 and 0."""
    return lambda level: act(number, bool(level))


def named(act: Callable[[str], object]) -> Callable[[str], object]:
    """Takes names only; anything else is refused with a ValueError."""

    def checked(name: str) -> object:
        if not NAME.fullmatch(name):
            raise ValueError("wants a name, of a-z, 0-9, _ and -")
        return act(name)

    return checked


def one_of(names: Names, act: Choose) -> Choose:
    """Takes only what is there now; anything else is refused with a ValueError."""
    if act is None or names is None:
        return act

    def choose(name: str) -> object:
        if name not in names():
            raise ValueError(f"wants one of {', '.join(names())}")
        return act(name)

    return choose


def known(say: Callable[[], str]) -> Read:
    """Says a text, unless it is empty."""

    def read() -> Sequence[Said] | None:
        said = say()
        return (said,) if said else None

    return read


def single(value: float | None) -> Sequence[Said] | None:
    """One value, unless it is not known."""
    return None if value is None else (value,)
