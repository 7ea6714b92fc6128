"""A score → its notes one after another, each as far as it sounds alone."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ddsp_pi.train.score import Key, Score
from ddsp_pi.train.takes import Take, Values

SHORTEST_S = 0.05
"""A shorter piece of a note (of a chord, or before a legato) is left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """A note and where it lies, in seconds of the score."""

    begin_s: float
    end_s: float
    """Where another begins, or is the only one again."""
    take: Take


def parts_of(score: Score) -> list[Part]:
    """The notes of a score by the rule of the newest: a note sounds until the next one begins.

    While an older key is still down a note is unsure, and when it is let go before that one it is over:
    what sounds then is in the middle of another note.
    """
    keys = sorted(score.keys, key=lambda key: key.on_s)
    made = [_part(score, keys, at) for at in range(len(keys))]
    return [part for part in made if part.end_s - part.begin_s >= SHORTEST_S]


def _part(score: Score, keys: Sequence[Key], at: int) -> Part:
    key = keys[at]
    next_s = keys[at + 1].on_s if at + 1 < len(keys) else float("inf")
    older_s = max((older.off_s for older in keys[:at]), default=0.0)
    end_s = key.off_s if key.off_s < min(older_s, next_s) else next_s
    take = Take(
        note=float(key.note),
        controls=_value_at(score.turns, key.on_s),
        release_s=key.off_s - key.on_s if key.off_s < end_s else None,
        turns=_within(score.turns, key.on_s, end_s),
        bends=_bends(score, key.on_s, end_s),
        unsure=((0.0, min(older_s, end_s) - key.on_s),) if older_s > key.on_s else (),
    )
    return Part(key.on_s, end_s, take)


def _value_at(turns: Sequence[tuple[float, Values]], at_s: float) -> Values:
    return turns[max(bisect_right(turns, at_s, key=lambda turn: turn[0]) - 1, 0)][1]


def _within(
    turns: Sequence[tuple[float, Values]], begin_s: float, end_s: float
) -> tuple[tuple[float, Values], ...]:
    return tuple((at_s - begin_s, values) for at_s, values in turns if begin_s < at_s < end_s)


def _bends(score: Score, begin_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    before = [by for at_s, by in score.bends if at_s <= begin_s]
    within = [(at_s - begin_s, by) for at_s, by in score.bends if begin_s < at_s < end_s]
    return tuple(([(0.0, before[-1])] if before and before[-1] else []) + within)


def moved(part: Part, begin_s: float, end_s: float) -> Take:
    """The take of a part that was really played from then to then; the key went up when the score says."""
    later = begin_s - part.begin_s
    take = part.take
    release_s = None if take.release_s is None else max(take.release_s - later, 0.0)
    kept = end_s - begin_s
    return msgspec.structs.replace(
        take,
        release_s=release_s if release_s is not None and release_s < kept else None,
        turns=tuple((max(at - later, 0.0), values) for at, values in take.turns),
        bends=tuple((max(at - later, 0.0), by) for at, by in take.bends),
        unsure=tuple((begin, max(end - later, 0.0)) for begin, end in take.unsure),
    )
