"""A folder of notes → training and held-out features; split by note, before anything else."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from ddsp_pi.errors import RecordingError
from ddsp_pi.train.dataset import SUFFIXES
from ddsp_pi.train.features import Features, Harvest, extract_all
from ddsp_pi.train.manifest import MANIFEST, read_manifest
from ddsp_pi.train.pairs import AlignJob, align, find_pairs
from ddsp_pi.train.silences import gone_silent
from ddsp_pi.train.take_jobs import TakeJob
from ddsp_pi.train.takes import Sizes, Take
from ddsp_pi.train.workers import Workers

ONE_WORKER = Workers()

_REFUSED = "some notes cannot be used; move them away, or go on without them with --skip-unusable:"


@dataclass(frozen=True, slots=True)
class Notes:
    """Features of both sets, and what there was to say about the recordings."""

    train: list[Features]
    held_out: list[Features]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to analyse, what there is to say about it, and what cannot be used."""

    jobs: list[TakeJob]
    remarks: list[str]
    refusals: list[str]


def harvest_takes(
    data: Path,
    sizes: Sizes,
    folder: Path,
    held_out: Sequence[str] = (),
    share: float = 0.1,
    workers: Workers = ONE_WORKER,
    skip_unusable: bool = False,
    shifts: Sequence[float] = (0.0,),
    silence_s: float = 0.0,
) -> Notes:
    """Features of all notes of a folder, kept in another one.

    Args:
        data: has notes.csv, or recordings that have a MIDI file of the same name beside them, or both.
        sizes: what the notes are taken apart into.
        folder: where features are kept.
        held_out: patterns of names of recordings to hold out, all of each.
        share: of the notes to hold out where there are no patterns.
        workers: who does it.
        skip_unusable: whether to go on without recordings that cannot be learned from.
        shifts: semitones by which every note that is trained on is played higher; held-out notes are not.
        silence_s: how much silence is added to notes that are trained on and have died.

    Raises:
        RecordingError: there is nothing to learn from or to judge by, or some recordings cannot be used;
            the message names all of them.
    """
    found = _found(data, sizes, folder, workers)
    if found.refusals and not (skip_unusable and found.jobs):
        raise RecordingError("\n  ".join([_REFUSED, *found.refusals]))
    learned, judged = split_takes(found.jobs, held_out, share)
    learned = [replace(job, shift=shift) for job in learned for shift in shifts]
    both = [extract_all(jobs, workers) for jobs in (learned, judged)]
    refusals = [text for harvest in both for text in harvest.refusals]
    if refusals and not (skip_unusable and all(harvest.features for harvest in both)):
        raise RecordingError("\n  ".join([_REFUSED, *_once(refusals)]))
    train = [gone_silent(note, silence_s) for note in both[0].features]
    return Notes(train, both[1].features, _remarks(found, both, refusals))


def _remarks(found: _Found, both: Sequence[Harvest], refusals: Sequence[str]) -> list[str]:
    left_out = _once(f"left out: {text}" for text in (*found.refusals, *refusals))
    return [*found.remarks, *_grouped(_once(text for harvest in both for text in harvest.remarks)), *left_out]


def _grouped(remarks: Iterable[str]) -> list[str]:
    """What is to be said of many recordings is said once."""
    of: dict[str, list[str]] = {}
    for remark in remarks:
        name, _, text = remark.partition(": ")
        of.setdefault(text, []).append(name)
    return [
        f"{names[0]}: {text}" if len(names) == 1 else f"{len(names)} recordings, such as {names[0]}: {text}"
        for text, names in of.items()
    ]


def _once(texts: Iterable[str]) -> list[str]:
    """Each text once: several notes come from one recording, and each of them several times."""
    return list(dict.fromkeys(texts))


def _found(data: Path, sizes: Sizes, folder: Path, workers: Workers) -> _Found:
    listed = _listed(data, sizes, folder)
    named = {job.recording.resolve() for job in listed}
    pairs = [pair for pair in find_pairs(data) if pair.recording.resolve() not in named]
    found = _Found(listed, [], [])
    jobs = [AlignJob(pair, sizes.style, folder) for pair in pairs]
    for pair, aligned in zip(pairs, workers.map(align, jobs), strict=True):
        if isinstance(aligned, RecordingError):
            found.refusals.append(str(aligned))
            continue
        found.jobs.extend(TakeJob(pair.recording, one.take, sizes, folder, one.cut) for one in aligned.takes)
        found.remarks.extend(f"{pair.recording.name}: {text}" for text in aligned.remarks)
    _check_any(data, found)
    found.remarks.extend(_left_alone(data, named | {pair.recording.resolve() for pair in pairs}))
    return found


def _listed(data: Path, sizes: Sizes, folder: Path) -> list[TakeJob]:
    if not (data / MANIFEST).exists():
        return []
    rows = read_manifest(data / MANIFEST, sizes.style)
    takes = [Take(row.note, row.controls, row.release_s) for row in rows]
    return [
        TakeJob(row.recording, take, sizes, folder, ends=row.ends)
        for row, take in zip(rows, takes, strict=True)
    ]


def _check_any(data: Path, found: _Found) -> None:
    if not (found.jobs or found.refusals):
        raise RecordingError(
            f"{data}: no {MANIFEST} there, and no recording that has a MIDI file of the same name beside it; "
            "docs/style-training.md says what is needed"
        )


def _left_alone(data: Path, used: set[Path]) -> list[str]:
    others = [path for path in sorted(data.rglob("*")) if path.suffix.lower() in SUFFIXES]
    return [
        f"{path.name}: left alone: not in {MANIFEST}, and no MIDI file beside it"
        for path in others
        if path.resolve() not in used
    ]


def split_takes(
    jobs: Sequence[TakeJob], patterns: Sequence[str], share: float
) -> tuple[list[TakeJob], list[TakeJob]]:
    """Training and held-out notes.

    By the names of their recordings where there are patterns. Otherwise by pitch and controllers: all that
    was recorded of a note, played that way, is on one side, and those whose hash is lowest are held out,
    so that notes that are added later do not move the others.

    Raises:
        RecordingError: one of the two sets would be empty.
    """
    is_held = _matches(patterns) if patterns else _lowest(jobs, share)
    train, held = ([job for job in jobs if is_held(job) == side] for side in (False, True))
    if not train or not held:
        raise RecordingError(
            f"{len(jobs)} notes leave {len(train)} to train on and {len(held)} held out; "
            "give more notes or change --held-out"
        )
    return train, held


def _matches(patterns: Sequence[str]) -> Callable[[TakeJob], bool]:
    return lambda job: any(fnmatch(job.recording.name, pattern) for pattern in patterns)


def _lowest(jobs: Sequence[TakeJob], share: float) -> Callable[[TakeJob], bool]:
    kinds = sorted({_kind(job) for job in jobs}, key=lambda kind: hashlib.sha256(kind.encode()).digest())
    held = set(kinds[: max(1, round(share * len(kinds)))])
    return lambda job: _kind(job) in held


def _kind(job: TakeJob) -> str:
    """What must not be on both sides: pitch and way of playing."""
    return repr((float(round(job.take.note)), *(round(value, 1) for value in job.take.controls)))
