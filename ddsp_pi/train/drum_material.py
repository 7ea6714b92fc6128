"""Hits as a mapper sees them: what their first moments and their sound are, and how they differ."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddsp_pi.dsp.hit_features import WINDOW, hit_features
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.card import Range
from ddsp_pi.models.drum_card import Row
from ddsp_pi.train.drum_features import LOUDNESS, get_features
from ddsp_pi.train.drum_hits import Hit

LATE = (0, 4, 8, 16)
"""Samples by which the onset is found too late: what is heard first is learned with each of them."""


class Taking(NamedTuple):
    """Another way in which the same hit could have been recorded."""

    gain_db: float = 0.0
    tilt_db: float = 0.0
    """What is above PIVOT_HZ is so much louder than what is below."""


AS_IT_IS = Taking()
TAKINGS = (
    AS_IT_IS,
    *(Taking(gain_db) for gain_db in (-9.0, -6.0, -3.0, 3.0, 6.0, 9.0)),
    *(Taking(0.0, tilt_db) for tilt_db in (-12.0, -6.0, 6.0, 12.0)),
    *(Taking(gain_db, tilt_db) for gain_db in (-6.0, 6.0) for tilt_db in (-9.0, 9.0)),
)
"""Hits are learned from in all of these. Of most drums loud hits are the darker ones, of some the brighter:
so loudness and brightness are learned apart."""

PIVOT_HZ = 2000.0
"""In the middle of what the strike of a drum sounds like."""

NARROWEST = 1e-6
"""A range is no narrower, so that all hits may have the same feature."""

AT_ONCE = 32
"""Hits whose sound is analysed in one go."""

Ranges = tuple[Range, Range, Range]


class Scale(msgspec.Struct, frozen=True):
    """What the mapper's inputs are measured by: decided by the hits of training alone."""

    ranges: Ranges
    reference: Row
    """The features of the middle hit of all."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Hits of one set."""

    hits: Sequence[Hit]
    onsets: Tensor
    """(len(LATE), takings, hits, 3) features of the first moments, in their units."""
    sounds: Tensor
    """(takings, hits, 7) columns of FEATURES."""
    drums: list[NDArray[np.int64]]
    """The places of each drum's hits, from the softest to the loudest."""

    @property
    def references(self) -> NDArray[np.int64]:
        """(hits,) of each the middle hit of its drum: half of the others are louder."""
        found = np.empty(len(self.hits), np.int64)
        for places in self.drums:
            found[places] = middle(places)
        return found

    @property
    def wanted(self) -> Tensor:
        """(hits, 7) how the sound of each differs from that of its reference."""
        return self.sounds[0] - self.sounds[0, torch.from_numpy(self.references)]

    def differences(self, ranges: Ranges) -> Tensor:
        """(hits, 3) how each onset, heard in time, differs from that of its reference.

        As `Normaliser.centred` has it: what is beyond a range counts as its end.
        """
        heard = within(self.onsets[0, 0], ranges)
        centred: Tensor = heard - heard[torch.from_numpy(self.references)]
        return centred

    def usual_differences(self, ranges: Ranges) -> Tensor:
        """(hits, 3) how each onset differs from the usual one of its drum: the median of each feature.

        As `Yardstick` has it, when it has heard them all.
        """
        return self._less_medians(self.onsets[0, 0], lambda onsets: within(onsets, ranges))

    @property
    def usual_wanted(self) -> Tensor:
        """(hits, 7) how the sound of each differs from the median one of its drum."""
        return self._less_medians(self.sounds[0], lambda sounds: sounds)

    def _less_medians(self, rows: Tensor, seen: Callable[[Tensor], Tensor]) -> Tensor:
        """What is seen of each row, less what is seen of the upper median of its drum."""
        made = seen(rows).clone()
        for places in map(torch.from_numpy, self.drums):
            made[places] -= seen(rows[places].sort(0).values[len(places) // 2])
        return made

    def own_differences(self) -> Tensor:
        """The same, where the ranges are those of the hits of each drum in this very set."""
        made = torch.empty_like(self.onsets[0, 0])
        for places in map(torch.from_numpy, self.drums):
            mine = self.onsets[0, 0, places]
            heard = _shares(mine, mine.amin(0), mine.amax(0))
            made[places] = heard - heard[len(places) // 2]
        return made


def hear(hits: Sequence[Hit], takings: Sequence[Taking] = (AS_IT_IS,)) -> Heard:
    """Analyse hits, the first time as they are; nothing in it depends on others than these."""
    taken = [[retaken(hit.audio, taking) for hit in hits] for taking in takings]
    sounds = torch.stack([torch.cat([_sound(part) for part in _parts(audio)]) for audio in taken])
    onsets = [[[_onset(each, late) for each in audio] for audio in taken] for late in LATE]
    loudness = sounds[0, :, LOUDNESS].numpy()
    return Heard(hits, torch.tensor(onsets, dtype=torch.float32), sounds, _by_drum(hits, loudness))


def middle(places: NDArray[np.int64]) -> int:
    """Of places in the order of loudness that of median loudness; of an even number the louder one."""
    return int(places[len(places) // 2])


def within(onsets: Tensor, ranges: Ranges) -> Tensor:
    """(…, 3) features → where in the ranges they are, 0..1."""
    low, high = torch.tensor([(each.low, each.high) for each in ranges]).T
    return _shares(onsets, low, high)


def _shares(onsets: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return ((onsets - low) / (high - low).clamp_min(NARROWEST)).clamp(0.0, 1.0)


def retaken(audio: NDArray[np.float32], taking: Taking) -> NDArray[np.float32]:
    """(samples,) of a hit, taken otherwise: a shelf of first order, which begins no sound earlier."""
    if taking.tilt_db == 0.0:
        return audio * np.float32(10.0 ** (taking.gain_db / 20.0))
    size = 2 * len(audio)
    above = 1j * np.tan(np.pi * np.arange(len(audio)) / size) / np.tan(np.pi * PIVOT_HZ / SAMPLE_RATE)
    ends = 10.0 ** ((taking.gain_db + np.array((-0.5, 0.5)) * taking.tilt_db) / 20.0)
    # At half the rate, the last of them, `above` has no end, and the shelf is that of high frequencies.
    shelf = np.append((ends[0] + ends[1] * above) / (1.0 + above), ends[1])
    made = np.fft.irfft(np.fft.rfft(audio, size) * shelf, size)
    return made[: len(audio)].astype(np.float32)


def _parts(hits: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    return [np.stack(hits[at : at + AT_ONCE]) for at in range(0, len(hits), AT_ONCE)]


def _sound(hits: NDArray[np.float32]) -> Tensor:
    return get_features(torch.from_numpy(hits))


def _onset(audio: NDArray[np.float32], late: int) -> tuple[float, ...]:
    return astuple(hit_features(audio[late : late + WINDOW]))


def _by_drum(hits: Sequence[Hit], loudness: NDArray[np.float32]) -> list[NDArray[np.int64]]:
    """Places of the hits of each drum, by their loudness."""
    order = np.argsort(loudness, kind="stable")
    drums = np.array([hit.drum for hit in hits])[order]
    return [order[drums == drum] for drum in dict.fromkeys(hit.drum for hit in hits)]


def scale_of(heard: Heard) -> Scale:
    """Ranges from the least to the greatest of these hits, and the middle one of them all."""
    in_time = heard.onsets[0, 0]
    ends = zip(in_time.amin(0).tolist(), in_time.amax(0).tolist(), strict=True)
    ranges = [Range(round(low, 2), round(high, 2)) for low, high in ends]
    usual = middle(np.argsort(heard.sounds[0, :, LOUDNESS].numpy(), kind="stable"))
    reference = tuple(round(value, 2) for value in in_time[usual].tolist())
    return msgspec.convert({"ranges": ranges, "reference": reference}, Scale)
