"""Recordings that come with a MIDI file of the same name → their notes, cut where they really begin."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import RecordingError
from ddsp_pi.files import replacing
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.card import Style
from ddsp_pi.recording import load_recording
from ddsp_pi.train.alignment import FARTHEST_S, Offset, beginning, find_offsets, rises
from ddsp_pi.train.dataset import SUFFIXES
from ddsp_pi.train.features import VERSION
from ddsp_pi.train.parts import SHORTEST_S, Part, moved, parts_of
from ddsp_pi.train.score import read_score
from ddsp_pi.train.silences import NOTHING_DB, end_of, hiss_of
from ddsp_pi.train.take_jobs import Cut
from ddsp_pi.train.takes import Take, note_names
from ddsp_pi.train.tuning import is_named

DB = 10.0 / math.log(10.0)
"""Decibels of a neper of power."""

SCORES = {".mid", ".midi"}

NAMED = 0.6
"""Share of the notes that must sound like their names."""


class Pair(msgspec.Struct, frozen=True):
    """A recording and the file that says what is played in it."""

    recording: Path
    score: Path


class CutTake(msgspec.Struct, frozen=True):
    """A note of a pair and where it lies in the recording."""

    cut: Cut
    take: Take


class Aligned(msgspec.Struct, frozen=True):
    """The notes of a pair, and what there is to say about it."""

    takes: tuple[CutTake, ...]
    remarks: tuple[str, ...]


def find_pairs(folder: Path) -> list[Pair]:
    """Recordings below a folder that have a MIDI file beside them, sorted."""
    scores = {path.with_suffix(""): path for path in folder.rglob("*") if path.suffix.lower() in SCORES}
    recordings = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [Pair(path, scores[path.with_suffix("")]) for path in recordings if path.with_suffix("") in scores]


@dataclass(frozen=True, slots=True)
class AlignJob:
    """A pair to align, and where the result is kept."""

    pair: Pair
    style: Style
    folder: Path

    @property
    def cache(self) -> Path:
        """Named after all that decides."""
        digest = hashlib.sha256(msgspec.json.encode(self.style))
        for path in (self.pair.recording, self.pair.score):
            digest.update(path.read_bytes())
        return self.folder / f"pair-{digest.hexdigest()[:16]}-v{VERSION}.json"


def align(job: AlignJob) -> Aligned | RecordingError:
    """The notes of a pair; the reason if it cannot be used."""
    if job.cache.exists():
        return msgspec.json.decode(job.cache.read_bytes(), type=Aligned)
    try:
        aligned = _aligned(job.pair, job.style)
    except RecordingError as error:
        return error
    with replacing(job.cache) as file:
        file.write(msgspec.json.encode(aligned))
    return aligned


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The notes of a pair, taken to be off by so much."""

    offset: Offset
    takes: list[CutTake]
    right: int
    """How many of them sound as they are named."""


def _aligned(pair: Pair, style: Style) -> Aligned:
    parts = parts_of(read_score(pair.score, style))
    recording = load_recording(pair.recording)
    rise = rises(recording.audio)
    offsets = find_offsets(rise, np.array([part.begin_s for part in parts]))
    best = max(
        (_attempt(recording.audio, rise, parts, offset) for offset in offsets),
        key=lambda attempt: attempt.right,
    )
    _check(pair, best)
    said = f"{len(best.takes)} notes, {_said(best.offset)} than in {pair.score.name}"
    return Aligned(tuple(best.takes), (said, *recording.notes))


def _attempt(
    audio: NDArray[np.float32], rise: NDArray[np.float64], parts: Sequence[Part], about: Offset
) -> _Attempt:
    begins = [beginning(audio, rise, part.begin_s + about.late_s) for part in parts]
    late = [begin / SAMPLE_RATE - part.begin_s for begin, part in zip(begins, parts, strict=True)]
    offset = replace(about, late_s=float(np.median(late)))
    takes = list(_cuts(audio, parts, begins, offset.late_s))
    right = sum(_sounds_named(audio[one.cut.begin : one.cut.end], one.take) for one in takes)
    return _Attempt(offset, takes, right)


def _cuts(
    audio: NDArray[np.float32], parts: Sequence[Part], begins: Sequence[int], late_s: float
) -> Iterator[CutTake]:
    hiss = hiss_of(audio)
    ends = [*begins[1:], len(audio)]
    for part, begin, end in zip(parts, begins, ends, strict=True):
        over = part.end_s + late_s
        end = min(end, round(over * SAMPLE_RATE)) if np.isfinite(over) else end
        # Of a note that is held its own decay is no silence.
        let_go = part.take.release_s is not None
        end = begin + end_of(audio[begin:end], hiss if let_go else NOTHING_DB)
        if end - begin >= SHORTEST_S * SAMPLE_RATE:
            take = moved(part, begin / SAMPLE_RATE - late_s, end / SAMPLE_RATE - late_s)
            yield CutTake(Cut(begin, end), take)


def _said(offset: Offset) -> str:
    return f"{abs(offset.late_s) * 1000:.0f} ms {'later' if offset.late_s > 0 else 'earlier'}"


def _check(pair: Pair, attempt: _Attempt) -> None:
    offset, score = attempt.offset, pair.score.name
    if not offset.fits:
        raise RecordingError(
            f"{pair.recording}: its notes do not begin where {score} says, however it is "
            f"moved (at best they rise by {offset.rise * DB:.1f} dB, elsewhere by "
            f"{offset.elsewhere * DB:.1f} dB); is it that of another recording?"
        )
    if attempt.right < NAMED * len(attempt.takes):
        raise RecordingError(
            f"{pair.recording}: only {attempt.right} of {len(attempt.takes)} notes sound as {score} names "
            "them; is it transposed, or that of another recording?"
        )
    if abs(offset.late_s) > FARTHEST_S:
        raise RecordingError(
            f"{pair.recording}: {_said(offset)} than {score}; move it until it is less than "
            f"{FARTHEST_S * 1000:.0f} ms off"
        )


def _sounds_named(audio: NDArray[np.float32], take: Take) -> bool:
    audio = audio[: len(audio) // HOP * HOP]
    return is_named(audio, note_names(take, len(audio) // HOP + 1))
