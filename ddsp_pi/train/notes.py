"""A folder of notes → training and held-out features; split by note, before anything else."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ddsp_pi.errors import RecordingError
from ddsp_pi.train.features import Features, Harvest, extract_all
from ddsp_pi.train.manifest import MANIFEST, read_manifest
from ddsp_pi.train.takes import Sizes, Take, TakeJob
from ddsp_pi.train.workers import Workers

Key = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """Features of both sets, and what there was to say about the recordings."""

    train: list[Features]
    held_out: list[Features]
    remarks: list[str]


def harvest_takes(
    data: Path,
    sizes: Sizes,
    folder: Path,
    held_out: Sequence[str] = (),
    share: float = 0.1,
    workers: Workers | None = None,
    skip_unusable: bool = False,
) -> Notes:
    """Features of all notes of a folder, kept in another one.

    Args:
        data: has notes.csv.
        sizes: what the notes are taken apart into.
        folder: where features are kept.
        held_out: patterns of names of recordings to hold out.
        share: of the notes to hold out where there are no patterns.
        workers: who does it; None: this process.
        skip_unusable: whether to go on without recordings that cannot be learned from.

    Raises:
        RecordingError: there is nothing to learn from or to judge by, or some recordings cannot be used;
            the message names all of them.
    """
    jobs = _jobs(data, sizes, folder)
    both = [extract_all(part, workers or Workers()) for part in split_takes(jobs, held_out, share)]
    refusals = [text for harvest in both for text in harvest.refusals]
    if refusals and not (skip_unusable and all(harvest.features for harvest in both)):
        raise RecordingError("\n  ".join(["some notes cannot be used:", *refusals]))
    return Notes(both[0].features, both[1].features, _remarks(both, refusals))


def _remarks(both: Sequence[Harvest], refusals: Sequence[str]) -> list[str]:
    return [text for harvest in both for text in harvest.remarks] + [f"left out: {text}" for text in refusals]


def _jobs(data: Path, sizes: Sizes, folder: Path) -> list[TakeJob]:
    listed = read_manifest(data / MANIFEST, sizes.style)
    return [
        TakeJob(row.recording, Take(row.note, row.controls, row.release_s), sizes, folder) for row in listed
    ]


def split_takes(
    jobs: Sequence[TakeJob], patterns: Sequence[str], share: float
) -> tuple[list[TakeJob], list[TakeJob]]:
    """Training and held-out notes.

    By pattern where there are any. Otherwise by pitch and controllers: all recordings of the same note,
    played the same way, are on one side, and those whose hash is lowest are held out, so that notes that
    are added later do not move the others.

    Raises:
        RecordingError: one of the two sets would be empty.
    """
    if patterns:
        held = {id(job) for job in jobs if any(fnmatch(job.recording.name, pattern) for pattern in patterns)}
    else:
        keys = sorted({_key(job) for job in jobs}, key=_hash)
        chosen = set(keys[: max(1, round(share * len(keys)))])
        held = {id(job) for job in jobs if _key(job) in chosen}
    train, rest = [job for job in jobs if id(job) not in held], [job for job in jobs if id(job) in held]
    if not train or not rest:
        raise RecordingError(
            f"{len(jobs)} notes leave {len(train)} to train on and {len(rest)} held out; "
            "give more notes or change --held-out"
        )
    return train, rest


def _key(job: TakeJob) -> Key:
    return (float(round(job.take.note)), *job.take.controls)


def _hash(key: Key) -> bytes:
    return hashlib.sha256(repr(key).encode()).digest()
