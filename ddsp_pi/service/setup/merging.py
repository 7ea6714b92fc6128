"""A change taken out of a text that somebody has changed since."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import chain
from typing import NamedTuple

from ddsp_pi.service.lines import ending


class Merged(NamedTuple):
    """A text without a change."""

    text: str
    whole: bool
    """Whether all of the change could be taken out."""


class _Back(NamedTuple):
    """Parts of the changed text, first and past the last, and what stood there before."""

    begin: int
    end: int
    before: list[str]


def without(before: str, after: str, now: str) -> Merged:
    """The text of now as if `before` had never become `after`.

    A heading that came with the change stays: what stands under it now may be somebody else's.
    """
    texts = (before, after, now)
    by_words = max(text.count("\n") for text in texts) <= 1
    old, ours, theirs = (_words(text) if by_words else _lines(text) for text in texts)
    return _merged(_backward(ours, old), _places(ours, theirs), theirs, len(ours))


def _words(text: str) -> list[str]:
    """Of a text that is one line: words, and what is between them."""
    return re.findall(r"\S+|\s+", text)


def _lines(text: str) -> list[str]:
    """The last one is ended, too: what follows it after the merging must not be joined to it."""
    whole = text if not text or text.endswith("\n") else text + ending(text)
    return whole.splitlines(keepends=True)


def _backward(ours: Sequence[str], old: Sequence[str]) -> list[_Back]:
    codes = SequenceMatcher(None, ours, old, autojunk=False).get_opcodes()
    return [_Back(i1, i2, list(old[j1:j2])) for tag, i1, i2, j1, j2 in codes if tag != "equal"]


def _places(ours: Sequence[str], theirs: Sequence[str]) -> dict[int, int]:
    """Where each part of ours is now, if it is."""
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return {block.a + i: block.b + i for block in blocks for i in range(block.size)}


def _merged(changes: list[_Back], places: dict[int, int], theirs: list[str], length: int) -> Merged:
    places |= {-1: -1, length: len(theirs)}
    gone, put, whole = set[int](), dict[int, list[str]](), True
    for change in changes:
        found = [places[i] for i in range(change.begin, change.end) if i in places]
        if not change.before:
            gone.update(i for i in found if not theirs[i].startswith("["))
            continue
        at = _anchor(change, found, places)
        if at is None:
            whole = False
            continue
        gone.update(found)
        put.setdefault(at, []).extend(change.before)
    rows = ((*put.get(i, ()), *([] if i in gone else theirs[i : i + 1])) for i in range(len(theirs) + 1))
    return Merged("".join(chain.from_iterable(rows)), whole)


def _anchor(change: _Back, found: list[int], places: dict[int, int]) -> int | None:
    """Where what stood there before belongs now; None: that place is no more."""
    if len(found) < change.end - change.begin:
        return None
    if found:
        return found[0]
    if change.begin - 1 in places:
        return places[change.begin - 1] + 1
    return places.get(change.begin)
