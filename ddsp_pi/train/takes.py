"""One note as it was played: its recording and what was done to the instrument, frame by frame."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB, WINDOW, loudness_contour
from ddsp_pi.errors import RecordingError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.card import SecondBank, Style
from ddsp_pi.models.touch import HELD_S
from ddsp_pi.recording import SHORTEST_S, load_recording
from ddsp_pi.train.analysis import Bank, analyse_note, shares, whole_bank
from ddsp_pi.train.features import VERSION, Features
from ddsp_pi.train.onset import find_onset
from ddsp_pi.train.tuning import pitch_contour

SOUNDS_DB = 60.0
"""So far below its peak a note is over: what is heard then is the room and the amplifier."""

COINCIDE = 0.05
"""Partials of two banks that lie closer than this share of the pitch are taken to be one."""


class Take(msgspec.Struct, frozen=True):
    """How one note was played."""

    note: float
    """MIDI number."""
    controls: tuple[float, ...]
    """0..1, in the order of the style's controllers."""
    release_s: float | None = None
    """Seconds after its beginning at which the key went up; None: held to the end."""


class Sizes(msgspec.Struct, frozen=True):
    """What a note is taken apart into."""

    n_harmonics: int
    """Of the first bank."""
    n_bands: int
    style: Style


@dataclass(frozen=True, slots=True)
class TakeJob:
    """A recording of one note, and where its features are kept. A Source."""

    recording: Path
    take: Take
    sizes: Sizes
    folder: Path

    @property
    def name(self) -> str:
        """See Source."""
        return self.recording.stem

    @property
    def cache(self) -> Path:
        """See Source; named after all that decides."""
        digest = hashlib.sha256(self.recording.read_bytes())
        digest.update(msgspec.json.encode((self.take, self.sizes)))
        return self.folder / f"take-{digest.hexdigest()[:16]}-v{VERSION}.npz"

    def analysed(self) -> tuple[Features, tuple[str, ...]]:
        """See Source."""
        recording = load_recording(self.recording)
        audio = recording.audio[find_onset(recording.audio) :]
        if len(audio) < SHORTEST_S * SAMPLE_RATE:
            raise RecordingError(
                f"{self.recording}: its note begins {SHORTEST_S:g} s before the end or later; "
                "give each note a file of its own"
            )
        return features_of(self.name, audio, self.take, self.sizes), recording.notes


def features_of(name: str, audio: NDArray[np.float32], take: Take, sizes: Sizes) -> Features:
    """Features of (n,) samples of a note that begins with the first."""
    audio = audio[: len(audio) // HOP * HOP]
    f0_hz = pitch_contour(audio, take.note)
    harmonics, noise = analyse_note(audio, f0_hz, banks(take, sizes), sizes.n_bands)
    loudness = _loudness(audio)
    asked = np.full_like(loudness, loudness.max())
    sounds = (loudness > asked - SOUNDS_DB).astype(np.float32)
    rows = touch_rows(take, len(f0_hz))
    return Features(name, audio, f0_hz, sounds, loudness, harmonics, noise, asked, rows)


def banks(take: Take, sizes: Sizes) -> list[Bank]:
    """The partials that are looked for in a note; the second bank only has those that the first has not."""
    first, second = whole_bank(sizes.n_harmonics), sizes.style.second
    if second is None:
        return [first]
    names = [controller.name for controller in sizes.style.controllers]
    sounds = take.controls[names.index(second.controller)] > 0.0
    return [first, Bank(second.ratio, sounds & own_partials(second))]


def own_partials(second: SecondBank) -> NDArray[np.bool_]:
    """(n,) which partials of a second bank do not coincide with harmonics of the pitch."""
    multiples = second.ratio * np.arange(1, second.n_harmonics + 1)
    return np.asarray(np.abs(multiples - np.rint(multiples)) > COINCIDE)


def touch_rows(take: Take, frames: int) -> NDArray[np.float32]:
    """(frames, columns) rows of a Touch, from the first sample of the note on."""
    since_onset = np.arange(frames) * (HOP / SAMPLE_RATE)
    release_s = np.inf if take.release_s is None else take.release_s
    held = since_onset < release_s
    since_release = np.where(held, HELD_S, since_onset - (0.0 if take.release_s is None else take.release_s))
    controls = np.tile(take.controls, (frames, 1))
    return np.column_stack([since_onset, since_release, held, controls]).astype(np.float32)


def _loudness(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The contour, where windows that reach beyond the note count what they have of it in full."""
    inside = shares(len(audio), np.asarray(np.hanning(WINDOW + 1)[:-1] ** 2, np.float32))
    return np.asarray(np.maximum(loudness_contour(audio) - 10.0 * np.log10(inside), FLOOR_DB), np.float32)
