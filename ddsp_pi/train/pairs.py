"""Recordings that come with a MIDI file of the same name → their notes, or why they cannot be used."""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import RecordingError
from ddsp_pi.files import replacing
from ddsp_pi.models.card import Style
from ddsp_pi.recording import load_recording
from ddsp_pi.train.alignment import FARTHEST_S, Offset
from ddsp_pi.train.dataset import SUFFIXES
from ddsp_pi.train.features import VERSION
from ddsp_pi.train.matching import CutTake, Match, best_match, sound_of
from ddsp_pi.train.naming import doubt
from ddsp_pi.train.parts import parts_of
from ddsp_pi.train.score import read_score
from ddsp_pi.train.takes import second_sounds

DB = 10.0 / math.log(10.0)
"""Decibels of a neper of power."""

SCORES = {".mid", ".midi"}

NAMED = 0.6
"""Share of the notes that must sound like their names, or that tell a fault of the whole file."""


class Pair(msgspec.Struct, frozen=True):
    """A recording and the file that says what is played in it."""

    recording: Path
    score: Path


class Aligned(msgspec.Struct, frozen=True):
    """The notes of a pair, and what there is to say about it."""

    takes: tuple[CutTake, ...]
    remarks: tuple[str, ...]


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


def find_pairs(folder: Path) -> list[Pair]:
    """Recordings below a folder that have a MIDI file beside them, sorted."""
    scores = {path.with_suffix(""): path for path in folder.rglob("*") if path.suffix.lower() in SCORES}
    recordings = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return [Pair(path, scores[path.with_suffix("")]) for path in recordings if path.with_suffix("") in scores]


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


def _aligned(pair: Pair, style: Style) -> Aligned:
    parts = parts_of(read_score(pair.score, style))
    if not parts:
        raise RecordingError(f"{pair.score}: no note in it that sounds alone for a moment")
    recording = load_recording(pair.recording)
    match = best_match(recording.audio, parts)
    _check_onsets(pair, match.offset)
    _check_names(pair, match)
    _check_octave(pair, recording.audio, match, style)
    _check_distance(pair, match.offset)
    said = f"{len(match.takes)} notes, {_said(match.offset)} than in {pair.score.name}"
    return Aligned(tuple(match.takes), (said, *recording.notes))


def _said(offset: Offset) -> str:
    return f"{abs(offset.late_s) * 1000:.0f} ms {'later' if offset.late_s > 0 else 'earlier'}"


def _check_onsets(pair: Pair, offset: Offset) -> None:
    if not offset.fits:
        raise RecordingError(
            f"{pair.recording}: its notes do not begin where {pair.score.name} says, however it is "
            f"moved (at best they rise by {offset.rise * DB:.1f} dB, elsewhere by "
            f"{offset.elsewhere * DB:.1f} dB); is it that of another recording?"
        )


def _check_names(pair: Pair, match: Match) -> None:
    if match.right < NAMED * len(match.takes):
        raise RecordingError(
            f"{pair.recording}: only {match.right} of {len(match.takes)} notes sound as {pair.score.name} "
            "names them; is it transposed, or that of another recording?"
        )


def _check_octave(pair: Pair, audio: NDArray[np.float32], match: Match, style: Style) -> None:
    doubts = Counter(
        doubt(*sound_of(audio, one), has_second=second_sounds(one.take, style)) for one in match.takes
    )
    what, count = doubts.most_common(1)[0]
    if what is not None and count > NAMED * len(match.takes):
        raise RecordingError(
            f"{pair.recording}: of {len(match.takes)} notes, {count} times it {what} in {pair.score.name}; "
            "transpose the file by an octave"
        )


def _check_distance(pair: Pair, offset: Offset) -> None:
    if abs(offset.late_s) > FARTHEST_S:
        raise RecordingError(
            f"{pair.recording}: {_said(offset)} than {pair.score.name}; move it until it is less than "
            f"{FARTHEST_S * 1000:.0f} ms off"
        )
