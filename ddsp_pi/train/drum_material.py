"""Hits as a mapper sees them: how each differs from the middle one of its drum, in onset and in sound."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddsp_pi.dsp.hit_features import WINDOW, hit_features
from ddsp_pi.models.card import Range
from ddsp_pi.models.drum_card import Row
from ddsp_pi.train.drum_features import LOUDNESS, get_features
from ddsp_pi.train.drum_hits import Hit

LATE = (0, 4, 8, 16)
"""Samples by which the onset is found too late: what is heard first is learned with each of them."""

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
    """(len(LATE), hits, 3) features of the first moments, in their units."""
    sounds: Tensor
    """(hits, 7) columns of FEATURES."""
    references: NDArray[np.int64]
    """(hits,) the middle hit of the same drum: half of the others are louder."""

    @property
    def wanted(self) -> Tensor:
        """(hits, 7) how the sound of each differs from that of its reference."""
        return self.sounds - self.sounds[torch.from_numpy(self.references)]

    def differences(self, ranges: Ranges) -> Tensor:
        """(len(LATE), hits, 3) how each onset differs from that of its reference, which is heard in time.

        As `Normaliser.centred` has it: what is beyond a range counts as its end.
        """
        return self._centred(*torch.tensor([(each.low, each.high) for each in ranges]).T)

    def own_differences(self) -> Tensor:
        """The same, where the ranges are those of the hits of each drum in this very set."""
        drums = [torch.from_numpy(self.references == own) for own in self.references]
        ends = [(self.onsets[0, drum].amin(0), self.onsets[0, drum].amax(0)) for drum in drums]
        lows, highs = zip(*ends, strict=True)
        return self._centred(torch.stack(lows), torch.stack(highs))

    def _centred(self, low: Tensor, high: Tensor) -> Tensor:
        width = (high - low).clamp_min(NARROWEST)
        references = torch.from_numpy(self.references)
        here = ((self.onsets - low) / width).clamp(0.0, 1.0)
        there: Tensor = ((self.onsets[:1, references] - low) / width).clamp(0.0, 1.0)
        return here - there


def hear(hits: Sequence[Hit]) -> Heard:
    """Analyse hits; nothing in it depends on others than these."""
    sounds = torch.cat([_sound(hits[at : at + AT_ONCE]) for at in range(0, len(hits), AT_ONCE)])
    onsets = np.array([[_onset(hit, late) for hit in hits] for late in LATE])
    loudness = sounds[:, LOUDNESS].numpy()
    return Heard(hits, torch.from_numpy(onsets).float(), sounds, middle_hits(hits, loudness))


def _onset(hit: Hit, late: int) -> tuple[float, ...]:
    return astuple(hit_features(hit.audio[late : late + WINDOW]))


def _sound(hits: Sequence[Hit]) -> Tensor:
    return get_features(torch.from_numpy(np.stack([hit.audio for hit in hits])))


def middle_hits(hits: Sequence[Hit], loudness: NDArray[np.float32]) -> NDArray[np.int64]:
    """(hits,) of each the one of median loudness among those of its drum; of an even number the louder."""
    drums = np.array([hit.drum for hit in hits])
    middle = {drum: _middle(np.flatnonzero(drums == drum), loudness) for drum in set(drums)}
    return np.array([middle[drum] for drum in drums])


def _middle(places: NDArray[np.int64], loudness: NDArray[np.float32]) -> int:
    return int(places[np.argsort(loudness[places], kind="stable")[len(places) // 2]])


def scale_of(heard: Heard) -> Scale:
    """Ranges from the least to the greatest of these hits, and the middle one of them all."""
    middle = _middle(np.arange(len(heard.hits)), heard.sounds[:, LOUDNESS].numpy())
    reference = tuple(round(value, 2) for value in heard.onsets[0, middle].tolist())
    return msgspec.convert({"ranges": ranges_of(heard.onsets[0]), "reference": reference}, Scale)


def ranges_of(onsets: Tensor) -> list[Range]:
    """Of each column of (hits, 3) features from the least to the greatest."""
    ends = zip(onsets.amin(0).tolist(), onsets.amax(0).tolist(), strict=True)
    return [Range(round(low, 2), round(high, 2)) for low, high in ends]
