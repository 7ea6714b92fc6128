"""One note as it was played: its sound and what was done to the instrument, frame by frame."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import FLOOR_DB, WINDOW, loudness_contour
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.card import SecondBank, Style
from ddsp_pi.models.touch import HELD_S
from ddsp_pi.train.analysis import Bank, analyse_note, shares, whole_bank
from ddsp_pi.train.features import Features
from ddsp_pi.train.tuning import pitch_contour

SOUNDS_DB = 60.0
"""So far below its peak a note is over: what is heard then is the room and the amplifier."""

COINCIDE = 0.05
"""Partials of two banks that lie closer than this share of the pitch are taken to be one."""

Values = tuple[float, ...]


class Take(msgspec.Struct, frozen=True):
    """How one note was played. Times are seconds from its first sample on, in order."""

    note: float
    """MIDI number."""
    controls: Values
    """0..1, in the order of the style's controllers, at its beginning."""
    release_s: float | None = None
    """When the key went up; None: held to the end."""
    turns: tuple[tuple[float, Values], ...] = ()
    """When controllers were turned, and what all of them were then."""
    bends: tuple[tuple[float, float], ...] = ()
    """When the pitch was bent, and by how many semitones of its name."""
    unsure: tuple[tuple[float, float], ...] = ()
    """From when to when something else sounds as well."""

    def shifted(self, semitones: float) -> "Take":
        """The same, played on a tape that runs faster, so that it is higher by so much."""
        slower = 2.0 ** (-semitones / 12.0)
        return msgspec.structs.replace(
            self,
            note=self.note + semitones,
            release_s=None if self.release_s is None else self.release_s * slower,
            turns=tuple((at * slower, values) for at, values in self.turns),
            bends=tuple((at * slower, by) for at, by in self.bends),
            unsure=tuple((begin * slower, end * slower) for begin, end in self.unsure),
        )


class Sizes(msgspec.Struct, frozen=True):
    """What a note is taken apart into."""

    n_harmonics: int
    """Of the first bank."""
    n_bands: int
    style: Style


def features_of(name: str, audio: NDArray[np.float32], take: Take, sizes: Sizes) -> Features:
    """Features of (n,) samples of a note that begins with the first."""
    audio = audio[: len(audio) // HOP * HOP]
    frames = len(audio) // HOP + 1
    f0_hz = pitch_contour(audio, note_names(take, frames))
    harmonics, noise = analyse_note(audio, f0_hz, banks(take, sizes), sizes.n_bands)
    loudness = _loudness(audio)
    asked = np.full_like(loudness, loudness.max())
    sure = (loudness > asked - SOUNDS_DB) & ~_unsure(take, frames)
    return Features(
        name,
        audio,
        f0_hz,
        sure.astype(np.float32),
        loudness,
        harmonics,
        noise,
        asked,
        touch_rows(take, frames),
    )


def banks(take: Take, sizes: Sizes) -> list[Bank]:
    """The partials that are looked for in a note; the second bank only has those that the first has not."""
    first, second = whole_bank(sizes.n_harmonics), sizes.style.second
    if second is None:
        return [first]
    return [first, Bank(second.ratio, second_sounds(take, sizes.style) & own_partials(second))]


def second_sounds(take: Take, style: Style) -> bool:
    """Whether a second bank is played at any time of a note."""
    if style.second is None:
        return False
    column = [controller.name for controller in style.controllers].index(style.second.controller)
    return any(values[column] > 0.0 for values in _all_controls(take))


def own_partials(second: SecondBank) -> NDArray[np.bool_]:
    """(n,) which partials of a second bank do not coincide with harmonics of the pitch."""
    multiples = second.ratio * np.arange(1, second.n_harmonics + 1)
    return np.asarray(np.abs(multiples - np.rint(multiples)) > COINCIDE)


def touch_rows(take: Take, frames: int) -> NDArray[np.float32]:
    """(frames, columns) rows of a Touch, from the first sample of the note on."""
    since_onset = _times(frames)
    since_release = since_onset - (np.inf if take.release_s is None else take.release_s)
    held = since_release < 0.0
    release = np.where(held, HELD_S, since_release)
    controls = np.array(_all_controls(take))[_last_before([at for at, _ in take.turns], frames)]
    return np.column_stack([since_onset, release, held, controls]).astype(np.float32)


def note_names(take: Take, frames: int) -> NDArray[np.float64]:
    """(frames,) MIDI numbers: the note and how it is bent."""
    bends = np.array([0.0, *(by for _, by in take.bends)])
    return take.note + bends[_last_before([at for at, _ in take.bends], frames)]


def _all_controls(take: Take) -> list[Values]:
    return [take.controls, *(values for _, values in take.turns)]


def _last_before(times: Sequence[float], frames: int) -> NDArray[np.intp]:
    """(frames,) how many of these times have come."""
    return np.asarray(np.searchsorted(np.array(times, float), _times(frames), side="right"))


def _unsure(take: Take, frames: int) -> NDArray[np.bool_]:
    at = _times(frames)
    unsure = np.zeros(frames, np.bool_)
    for begin, end in take.unsure:
        unsure |= (at >= begin) & (at < end)
    return unsure


def _times(frames: int) -> NDArray[np.float64]:
    return np.arange(frames, dtype=np.float64) * (HOP / SAMPLE_RATE)


def _loudness(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The contour, where windows that reach beyond the note count what they have of it in full."""
    inside = shares(len(audio), np.asarray(np.hanning(WINDOW + 1)[:-1] ** 2, np.float32))
    return np.asarray(np.maximum(loudness_contour(audio) - 10.0 * np.log10(inside), FLOOR_DB), np.float32)
