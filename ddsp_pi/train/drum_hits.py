"""Recorded hits of drums, each from its first sample on: a folder of them, or one long recording, cut."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.recording import load_recording
from ddsp_pi.train.dataset import find_recordings
from ddsp_pi.train.drum_features import SAMPLES

FEWEST = 4
"""Files of one name that tell a drum apart; a folder whose names say less is one drum."""

STEP = 64
"""Samples in which a long recording is looked through."""

RISE_DB, QUIETEST_DB = 12.0, -40.0
"""A hit is so much louder than the 20 ms before it, and no further below the loudest one."""

BEGUN_DB = -20.0
"""Below the peak of its strike: from there on it is a hit, and not a breath of the snares before."""

BEFORE = round(0.02 * SAMPLE_RATE)
AFTER = round(0.05 * SAMPLE_RATE)
"""Samples in which no other hit is looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit of one drum."""

    name: str
    drum: str
    audio: NDArray[np.float32]
    """(SAMPLES,) from its first one on; what is behind the end of the recording is silence."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Hits, and what there was to say about the recordings."""

    hits: list[Hit]
    remarks: list[str]


def load_hits(place: Path, only: str = "*", skip_unusable: bool = False) -> Collection:
    """The hits of a folder, one in a file, or of one file with many.

    Raises:
        RecordingError: there are none, or some recordings cannot be used; the message names all of them.
    """
    if place.is_file():
        return _cut(place)
    paths = find_recordings(place, only)
    drums = drums_of(place, paths)
    hits, refusals = list[Hit](), list[str]()
    for path, drum in zip(paths, drums, strict=True):
        try:
            audio = load_recording(path).audio
            hits.append(Hit(path.stem, drum, _from(audio, _begin(audio))))
        except RecordingError as error:
            refusals.append(str(error))
    if refusals and not (skip_unusable and hits):
        raise RecordingError(
            "\n  ".join(["some hits cannot be used; move them away, or add --skip-unusable:", *refusals])
        )
    return Collection(hits, [f"left out: {text}" for text in refusals])


def drums_of(folder: Path, paths: Sequence[Path]) -> list[str]:
    """The drum of each recording: its folder below this one, or its name up to the first underscore.

    If the names tell no drums apart, as where each has its own, they are all one.
    """
    own, parents = folder.resolve().name, [path.parent for path in paths]
    if len(set(parents)) > 1:
        return [own if place == folder else place.relative_to(folder).as_posix() for place in parents]
    names = [path.stem.partition("_")[0] for path in paths]
    apart = all(names.count(name) >= FEWEST for name in set(names))
    return names if apart else [own] * len(paths)


def divide(hits: Sequence[Hit], patterns: Sequence[str], share: float) -> tuple[list[Hit], list[Hit]]:
    """Hits to train on and to judge by: whole drums where there are several, otherwise hits of the one.

    By patterns of names of drums or hits where there are any; otherwise the share whose names hash lowest.

    Raises:
        RecordingError: one of the two would be empty, or a drum would be on both sides.
    """
    drums = sorted({hit.drum for hit in hits})
    if patterns:
        held = {hit.name for hit in hits if any(_matches(hit, pattern) for pattern in patterns)}
    elif len(drums) > 1:
        chosen = _lowest(drums, share)
        held = {hit.name for hit in hits if hit.drum in chosen}
    else:
        held = _lowest([hit.name for hit in hits], share)
    train, judged = ([hit for hit in hits if (hit.name in held) is wanted] for wanted in (False, True))
    if not train or not judged:
        raise RecordingError(
            f"{len(hits)} hits leave {len(train)} to train on and {len(judged)} held out; "
            "record more, or change --held-out"
        )
    both = {hit.drum for hit in train} & {hit.drum for hit in judged}
    if both and len(drums) > 1:
        raise RecordingError(
            f"{', '.join(sorted(both))}: some hits of that drum would be trained on and others held out; "
            "hold out whole drums, such as with --held-out '" + sorted(both)[0] + "*'"
        )
    return train, judged


def _matches(hit: Hit, pattern: str) -> bool:
    return fnmatch(hit.drum, pattern) or fnmatch(hit.name, pattern)


def _lowest(names: Sequence[str], share: float) -> set[str]:
    by_hash = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    return {*by_hash[: max(1, round(share * len(names)))]}


def _from(audio: NDArray[np.float32], first: int) -> NDArray[np.float32]:
    """(SAMPLES,) from one sample on, with silence behind the end."""
    heard = audio[first : first + SAMPLES]
    return np.pad(heard, (0, SAMPLES - len(heard)))


def _begin(audio: NDArray[np.float32]) -> int:
    """The first sample of a hit: it rises by more than that in fewer samples than matter."""
    level = np.abs(audio)
    return int((level >= level.max() * 10.0 ** (BEGUN_DB / 20.0)).argmax())


def _cut(path: Path) -> Collection:
    audio = load_recording(path).audio
    firsts = find_hits(audio)
    nexts = [*firsts[1:], len(audio) + SAMPLES]
    apart = [first for first, then in zip(firsts, nexts, strict=True) if then - first >= SAMPLES]
    if len(apart) < 2 * FEWEST:
        raise RecordingError(
            f"{path}: {len(firsts)} hits, {len(apart)} of them {SAMPLES / SAMPLE_RATE:.1f} s before the "
            f"next; at least {2 * FEWEST} such are needed. Leave every hit time to ring out"
        )
    hits = [
        Hit(f"{path.stem}-{number:03}", path.stem, _from(audio, first))
        for number, first in enumerate(apart, 1)
    ]
    close = len(firsts) - len(apart)
    remark = f"{path.name}: {len(hits)} hits"
    return Collection(hits, [f"{remark}, {close} more are too close to the next one" if close else remark])


def find_hits(audio: NDArray[np.float32]) -> list[int]:
    """The first samples of the hits in a recording, found by its level in steps of 1.3 ms."""
    peaks = np.abs(audio[: len(audio) // STEP * STEP]).reshape(-1, STEP).max(axis=1)
    level = 20.0 * np.log10(np.maximum(peaks, 1e-6))
    back = BEFORE // STEP
    before = np.lib.stride_tricks.sliding_window_view(np.pad(level, (back, 0), constant_values=-120.0), back)
    rises = (level - before[: len(level)].max(axis=1) >= RISE_DB) & (level >= level.max() + QUIETEST_DB)
    firsts, last = list[int](), -AFTER
    for step in np.flatnonzero(rises):
        at = int(step) * STEP
        if at - last < AFTER:
            continue
        last = at
        start = max(at - BEFORE // 2, 0)
        firsts.append(start + _begin(audio[start : at + BEFORE]))
    return firsts
