"""The recording of a take, and where its features are kept."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import RecordingError
from ddsp_pi.files import Sight, sight
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.recording import SHORTEST_S, Recording, load_recording
from ddsp_pi.train.fades import let_go, without_fade
from ddsp_pi.train.features import VERSION, Features
from ddsp_pi.train.naming import doubt
from ddsp_pi.train.onset import find_onset
from ddsp_pi.train.shifting import shifted
from ddsp_pi.train.silences import end_of
from ddsp_pi.train.takes import Sizes, Take, features_of, note_names, second_sounds

FADED = "its end, faster than its decay, is left out"


class Cut(msgspec.Struct, frozen=True):
    """Where a take lies in a recording, in samples at 48 kHz."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TakeJob:
    """A note to analyse. A Source."""

    recording: Path
    take: Take
    sizes: Sizes
    folder: Path
    cut: Cut | None = None
    """None: it is alone in its recording."""
    ends: bool = False
    """Whether its key goes up at its end, at a time that nobody has written down."""
    shift: float = 0.0
    """Semitones by which it is played higher."""

    @property
    def name(self) -> str:
        """See Source."""
        where = "" if self.cut is None else f" {self.cut.begin / SAMPLE_RATE:.3f} s"
        return self.recording.stem + where + (f" {self.shift:+g}" if self.shift else "")

    @property
    def cache(self) -> Path:
        """See Source; named after all that decides."""
        decides = (_digest(sight(self.recording)), self.take, self.sizes, self.cut, self.ends, self.shift)
        digest = hashlib.sha256(msgspec.json.encode(decides)).hexdigest()
        return self.folder / f"take-{digest[:16]}-v{VERSION}.npz"

    def analysed(self) -> tuple[Features, tuple[str, ...]]:
        """See Source."""
        recording = load(self.recording)
        if self.cut is not None:
            return self._features(recording.audio[self.cut.begin : self.cut.end], self.take), ()
        sound, take = self._alone(recording.audio)
        kept = without_fade(sound) if take.release_s is None else len(sound)
        said = {FADED: kept < len(sound), self._doubt(sound): not self.shift}
        notes = tuple(note for note, true in said.items() if note and true)
        return self._features(sound[:kept], take), (*recording.notes, *notes)

    def _features(self, sound: NDArray[np.float32], take: Take) -> Features:
        return features_of(self.name, shifted(sound, self.shift), take.shifted(self.shift), self.sizes)

    def _alone(self, audio: NDArray[np.float32]) -> tuple[NDArray[np.float32], Take]:
        """The one note of a recording, and how it was played."""
        sound = audio[find_onset(audio) :]
        sound = sound[: end_of(sound)]
        if len(sound) < SHORTEST_S * SAMPLE_RATE:
            raise RecordingError(
                f"{self.recording}: from its first rise on there are {len(sound) / SAMPLE_RATE:.2f} s; "
                f"a note must sound for {SHORTEST_S:g} s at least"
            )
        if not self.ends:
            return sound, self.take
        return sound, msgspec.structs.replace(self.take, release_s=let_go(sound) / SAMPLE_RATE)

    def _doubt(self, sound: NDArray[np.float32]) -> str | None:
        names = note_names(self.take, len(sound) // HOP + 1)
        return doubt(sound[: len(sound) // HOP * HOP], names, second_sounds(self.take, self.sizes.style))


def load(path: Path) -> Recording:
    """A recording; the one that was read last is still there, for its next note."""
    return _loaded(sight(path))


@lru_cache(maxsize=1)
def _loaded(seen: Sight) -> Recording:
    return load_recording(seen.path)


@lru_cache
def _digest(seen: Sight) -> str:
    return hashlib.sha256(seen.path.read_bytes()).hexdigest()
