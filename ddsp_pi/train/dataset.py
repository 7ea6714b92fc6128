"""A folder of recordings → training and held-out sets, split by recording, and batches of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import HOP, HOP_RATE
from ddsp_pi.models.touch import CONTROLS
from ddsp_pi.recording import sample_rate
from ddsp_pi.train.basis import Sines, SinusoidBasis
from ddsp_pi.train.features import Features
from ddsp_pi.train.variation import Piece, Variation

SUFFIXES = {".wav", ".flac"}
ONSET_SHARE = 1 / 3
"""Of segments of notes, those that begin with the note: its first moments are its character."""


def find_recordings(folder: Path, only: str = "*") -> list[Path]:
    """Recordings below a folder whose name matches, sorted.

    Raises:
        RecordingError: no folder there, or nothing in it to learn from.
    """
    if not folder.is_dir():
        raise RecordingError(
            f"{folder}: no such folder; give a folder of wav or flac recordings of one instrument"
        )
    found = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and fnmatch(path.name, only)
    )
    if not found:
        raise RecordingError(
            f"{folder}: no wav or flac file that matches {only!r}; record one, or change --only"
        )
    return found


def check_rates(recordings: Sequence[Path]) -> None:
    """See that the recordings look like those of one instrument.

    Raises:
        RecordingError: they were made at different sample rates, as those of two sources are.
    """
    found: dict[int, list[str]] = {}
    for path in recordings:
        rate = sample_rate(path)
        if rate is not None:
            found.setdefault(rate, []).append(path.name)
    if len(found) > 1:
        kinds = "; ".join(
            f"{len(names)} at {rate} Hz (such as {names[0]})" for rate, names in sorted(found.items())
        )
        raise RecordingError(
            f"the recordings have different sample rates: {kinds}. Two instruments in one folder? "
            "Choose one with --only, or say that they belong together with --any-rate"
        )


def split(recordings: Sequence[Path], patterns: Sequence[str], share: float) -> tuple[list[Path], list[Path]]:
    """Training and held-out recordings.

    By pattern where there are any, otherwise the share whose names hash lowest: adding a
    recording later does not move the others.

    Raises:
        RecordingError: one of the two sets would be empty.
    """
    if patterns:
        held = [path for path in recordings if any(fnmatch(path.name, pattern) for pattern in patterns)]
    else:
        by_hash = sorted(recordings, key=lambda path: hashlib.sha256(path.name.encode()).digest())
        held = by_hash[: max(1, round(share * len(recordings)))]
    train = [path for path in recordings if path not in held]
    if not train or not held:
        raise RecordingError(
            f"{len(recordings)} recordings leave {len(train)} to train on and {len(held)} held out; "
            "cut the material into more files (10 or more do well) or change --held-out"
        )
    return train, sorted(held)


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments of `hops` hops; controls have one frame more than hops."""

    audio: Tensor
    f0_hz: Tensor
    confidence: Tensor
    asked_db: Tensor
    touch: Tensor
    harmonics: Tensor
    noise: Tensor
    sines: list[Sines]
    """Of each segment: partials that stay above Nyquist are left out."""


class Segments:
    """Random segments, a pure function of seed and step, so that a resumed run draws the same."""

    def __init__(
        self,
        recordings: Sequence[Features],
        basis: SinusoidBasis,
        hops: int,
        seed: int,
        variation: Variation | None = None,
    ) -> None:
        """`variation`: of notes; without it segments are what was recorded."""
        long_enough = [i for i, recording in enumerate(recordings) if len(recording.f0_hz) > hops]
        if not long_enough:
            raise RecordingError(f"no training recording is longer than a segment of {hops / HOP_RATE:.2f} s")
        self._recordings, self._basis, self._hops, self._seed = recordings, basis, hops, seed
        self._variation = variation
        self._choices = np.array(long_enough)
        self._odds = _odds([recordings[i] for i in long_enough], hops)

    def draw(self, step: int, size: int, with_audio: bool, share: slice = slice(None)) -> Batch:
        """A share of the batch of one step; audio and sines stay empty where only controls are learned."""
        rng = np.random.default_rng([self._seed, step])
        places = [
            (int(recording), self._place(int(recording), rng))
            for recording in rng.choice(self._choices, size, p=self._odds)
        ][share]
        hops, used = self._hops, places if with_audio else []
        frames = [(self._recordings[r], slice(h, h + hops + 1)) for r, h in places]
        pieces = [self._piece(r, h, step, i) for i, (r, h) in enumerate(places, share.indices(size)[0])]
        return Batch(
            audio=_stack([piece.audio for piece in pieces] if with_audio else []),
            f0_hz=_stack([recording.f0_hz[at] for recording, at in frames]),
            confidence=_stack([recording.confidence[at] for recording, at in frames]),
            asked_db=_stack([piece.asked_db for piece in pieces]),
            touch=_stack([piece.touch for piece in pieces]),
            harmonics=_stack([piece.harmonics for piece in pieces]),
            noise=_stack([piece.noise for piece in pieces]),
            sines=[self._basis.segment(r, h, hops) for r, h in used],
        )

    def _place(self, recording: int, rng: np.random.Generator) -> int:
        """Where a segment begins: of notes, one in three begins where the note does."""
        features = self._recordings[recording]
        place = int(rng.integers(len(features.f0_hz) - self._hops))
        if features.touch.shape[1] and rng.uniform() < ONSET_SHARE:
            return 0
        return place

    def _piece(self, recording: int, hop: int, step: int, item: int) -> Piece:
        features, at = self._recordings[recording], slice(hop, hop + self._hops + 1)
        audio = features.audio[hop * HOP : (hop + self._hops) * HOP]
        parts = (part[at] for part in (features.asked_db, features.touch, features.harmonics, features.noise))
        piece = Piece(audio, *parts)
        if self._variation is None:
            return piece
        return self._variation.of(piece, np.random.default_rng([self._seed, step, 3, item]))


def _odds(recordings: Sequence[Features], hops: int) -> NDArray[np.float64]:
    """How often each recording is drawn: by its length; of notes every way to play as often as any other."""
    room = np.array([len(recording.f0_hz) - hops for recording in recordings], float)
    ways = [tuple(recording.touch[0, CONTROLS:].tolist()) for recording in recordings]
    shares = {way: room[[other == way for other in ways]].sum() for way in set(ways)}
    odds = room / np.array([shares[way] for way in ways])
    return np.asarray(odds / odds.sum())


def told_of(recording: Features) -> tuple[Tensor, Tensor, Tensor]:
    """What a decoder is told of a recording: f0_hz and asked_db (frames,), touch (frames, columns)."""
    f0_hz, asked_db, touch = map(torch.from_numpy, (recording.f0_hz, recording.asked_db, recording.touch))
    return f0_hz, asked_db, touch


def _stack(parts: list[np.ndarray]) -> Tensor:
    if not parts:
        return torch.empty(0)
    return torch.stack([torch.from_numpy(part) for part in parts])
