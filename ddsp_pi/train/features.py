"""Features of one recording, cached on disk and made in parallel."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import loudness_contour
from ddsp_pi.errors import RecordingError
from ddsp_pi.files import replacing
from ddsp_pi.frame import HOP
from ddsp_pi.recording import load_recording
from ddsp_pi.train.analysis import analyse
from ddsp_pi.train.labels import SURE, label_pitch
from ddsp_pi.train.workers import Workers

LEAST_PITCHED = 0.005
"""Share of frames with a sure pitch below which there is nothing to learn from. A snare has none at all."""

VERSION = 8
"""Raised whenever a definition below changes, so that no stale cache is used."""


@dataclass(frozen=True, slots=True)
class Features:
    """One recording as the decoder sees it: frame m stands at sample m·HOP."""

    name: str
    audio: NDArray[np.float32]
    """((frames − 1) · HOP,) samples."""
    f0_hz: NDArray[np.float32]
    confidence: NDArray[np.float32]
    loudness_db: NDArray[np.float32]
    """(frames,) each."""
    harmonics: NDArray[np.float32]
    """(frames, n_harmonics) peak amplitudes."""
    noise: NDArray[np.float32]
    """(frames, n_bands) magnitudes."""
    asked_db: NDArray[np.float32]
    """(frames,) what the decoder is asked for: the loudness that a note reaches at its peak; of a recording
    without notes, its loudness."""
    touch: NDArray[np.float32]
    """(frames, columns) how the note is played, rows of a Touch; of a recording without notes, no columns."""

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return len(self.audio) / 48_000


def heard(
    name: str,
    audio: NDArray[np.float32],
    f0_hz: NDArray[np.float32],
    confidence: NDArray[np.float32],
    loudness_db: NDArray[np.float32],
    harmonics: NDArray[np.float32],
    noise: NDArray[np.float32],
) -> Features:
    """Of a recording without notes: its own loudness is what is asked for, and nobody touches it."""
    untouched = np.zeros((len(f0_hz), 0), np.float32)
    return Features(name, audio, f0_hz, confidence, loudness_db, harmonics, noise, loudness_db, untouched)


class Source(Protocol):
    """What features are made of."""

    @property
    def recording(self) -> Path:
        """The file that remarks are about."""

    @property
    def name(self) -> str:
        """That of the features."""

    @property
    def cache(self) -> Path:
        """Where they are kept."""

    def analysed(self) -> tuple[Features, tuple[str, ...]]:
        """Make them, and say what there is to say about the recording.

        Raises:
            RecordingError: it cannot be learned from.
        """


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to analyse, and where the result is kept. A Source."""

    recording: Path
    folder: Path
    n_harmonics: int
    n_bands: int

    @property
    def name(self) -> str:
        """See Source."""
        return self.recording.stem

    @property
    def cache(self) -> Path:
        """The cache file: named after the content, so a renamed or edited file is never mistaken."""
        digest = hashlib.sha256(self.recording.read_bytes()).hexdigest()[:16]
        return self.folder / f"{digest}-{self.n_harmonics}-{self.n_bands}-v{VERSION}.npz"

    def analysed(self) -> tuple[Features, tuple[str, ...]]:
        """See Source."""
        recording = load_recording(self.recording)
        return _analysed(self, recording.audio), recording.notes


def extract(job: Source) -> tuple[Features, tuple[str, ...]]:
    """Features of one recording and what there is to say about it; from the cache when it is there.

    Raises:
        RecordingError: the recording cannot be learned from.
    """
    if job.cache.exists():
        with np.load(job.cache) as stored:
            values = {field.name: stored[field.name] for field in fields(Features) if field.name != "name"}
        return Features(name=job.name, **values), ()
    features, notes = job.analysed()
    _store(features, job.cache)
    return features, notes


@dataclass(frozen=True, slots=True)
class Harvest:
    """What came of many recordings: features, remarks on them, and why others cannot be used."""

    features: list[Features]
    remarks: list[str]
    refusals: list[str]


def extract_all(jobs: Iterable[Source], workers: Workers, quiet: bool = False) -> Harvest:
    """Features of many recordings, made in parallel."""
    from tqdm import tqdm

    jobs = list(jobs)
    harvest = Harvest([], [], [])
    results = tqdm(
        workers.map(_made, jobs), desc="features", unit="file", total=len(jobs), disable=quiet or None
    )
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, RecordingError):
            harvest.refusals.append(str(result))
            continue
        harvest.features.append(extract(job)[0])
        harvest.remarks.extend(f"{job.recording.name}: {note}" for note in result)
    return harvest


def _made(job: Source) -> tuple[str, ...] | RecordingError:
    # The features go by way of the cache, whoever makes them: they are large, and a cluster's arrays end
    # with it. The error is returned, because raising it would end the work on all other recordings.
    try:
        return extract(job)[1]
    except RecordingError as error:
        return error


def _analysed(job: Job, audio: NDArray[np.float32]) -> Features:
    audio = audio[: len(audio) // HOP * HOP]
    labels = label_pitch(audio)
    pitched = float((labels.confidence >= SURE).mean())
    if pitched < LEAST_PITCHED:
        raise RecordingError(
            f"{job.recording}: no pitched sound ({pitched:.1%} of it has a pitch); "
            "learn from single notes: no chords, drums or speech"
        )
    harmonics, noise = analyse(audio, labels.f0_hz, job.n_harmonics, job.n_bands)
    return heard(job.name, audio, labels.f0_hz, labels.confidence, loudness_contour(audio), harmonics, noise)


def _store(features: Features, path: Path) -> None:
    with replacing(path) as file:
        np.savez(file, **{f.name: getattr(features, f.name) for f in fields(Features) if f.name != "name"})
