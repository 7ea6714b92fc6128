"""The notes of a score, cut out of the recording where they really begin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.train.alignment import Offset, beginning, find_offsets, rises
from ddsp_pi.train.naming import is_named
from ddsp_pi.train.parts import SHORTEST_S, Part, moved
from ddsp_pi.train.silences import NOTHING_DB, end_of, hiss_of
from ddsp_pi.train.take_jobs import Cut
from ddsp_pi.train.takes import Take, note_names


class CutTake(msgspec.Struct, frozen=True):
    """A note and where it lies in a recording."""

    cut: Cut
    take: Take


@dataclass(frozen=True, slots=True)
class Match:
    """The notes of a score in a recording that is off by so much."""

    offset: Offset
    takes: list[CutTake]
    right: int
    """How many of them sound as they are named."""


def best_match(audio: NDArray[np.float32], parts: Sequence[Part]) -> Match:
    """Of the offsets by which the notes begin where they should, the one at which most have their names."""
    rise = rises(audio)
    offsets = find_offsets(rise, np.array([part.begin_s for part in parts]))
    return max((_match(audio, rise, parts, offset) for offset in offsets), key=lambda match: match.right)


def sound_of(audio: NDArray[np.float32], one: CutTake) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Samples of a note, (n,), and its names, (n // HOP + 1,)."""
    sound = audio[one.cut.begin : one.cut.end]
    sound = sound[: len(sound) // HOP * HOP]
    return sound, note_names(one.take, len(sound) // HOP + 1)


def _match(
    audio: NDArray[np.float32], rise: NDArray[np.float64], parts: Sequence[Part], about: Offset
) -> Match:
    begins = [beginning(audio, rise, part.begin_s + about.late_s) for part in parts]
    late = [begin / SAMPLE_RATE - part.begin_s for begin, part in zip(begins, parts, strict=True)]
    offset = replace(about, late_s=float(np.median(late)))
    takes = list(_cuts(audio, parts, begins, offset.late_s))
    return Match(offset, takes, sum(is_named(*sound_of(audio, one)) for one in takes))


def _cuts(
    audio: NDArray[np.float32], parts: Sequence[Part], begins: Sequence[int], late_s: float
) -> Iterator[CutTake]:
    hiss = hiss_of(audio)
    ends = [*begins[1:], len(audio)]
    for part, begin, end in zip(parts, begins, ends, strict=True):
        over = part.end_s + late_s
        end = min(end, round(over * SAMPLE_RATE)) if np.isfinite(over) else end
        # Of a note that is held its own decay is no silence.
        ends_itself = part.take.release_s is not None
        end = begin + end_of(audio[begin:end], hiss if ends_itself else NOTHING_DB)
        if end - begin >= SHORTEST_S * SAMPLE_RATE:
            take = moved(part, begin / SAMPLE_RATE - late_s, end / SAMPLE_RATE - late_s)
            yield CutTake(Cut(begin, end), take)
