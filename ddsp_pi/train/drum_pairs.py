"""Batches of pairs of hits of a drum: how one differs from another, as it is heard and as it sounds.

Learned from pairs, a mapper answers to differences and not to places: any hit may be the reference that a
player has. Of the few hits there are, no two pairs are the same.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddsp_pi.train.drum_material import Heard, Ranges, within
from ddsp_pi.train.mapper_settings import MapperSettings


class Pairs:
    """Random pairs, a pure function of seed and step, so that a resumed run draws the same."""

    def __init__(self, heard: Heard, ranges: Ranges, settings: MapperSettings) -> None:
        self._onsets, self._sounds = within(heard.onsets, ranges), heard.sounds
        self._settings = settings
        self._drums = heard.drums
        self._drum_of = np.empty(len(heard.hits), np.int64)
        for number, places in enumerate(heard.drums):
            self._drum_of[places] = number

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """(batch, 3) what is heard of the differences, and (batch, 7) what they sound like."""
        settings = self._settings
        late, takings, count, _ = self._onsets.shape
        chosen = rng.integers(0, count, settings.batch)
        taking = rng.integers(0, takings, settings.batch)
        late_by = rng.integers(0, late, settings.batch)
        references = self._others(chosen, settings.references, rng)
        heard, sound = self._onsets[late_by, taking, chosen], self._sounds[taking, chosen]
        if settings.blend:
            others = self._others(chosen, 1.0, rng)
            share = torch.from_numpy(rng.beta(settings.blend, settings.blend, (settings.batch, 1))).float()
            heard = torch.lerp(self._onsets[0, 0, others], heard, share)
            sound = torch.lerp(self._sounds[0, others], sound, share)
        return heard - self._onsets[0, 0, references], sound - self._sounds[0, references]

    def _others(self, chosen: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """(batch,) hits of the same drums, out of so large a share of them around the middle one."""
        drums = [self._drums[self._drum_of[place]] for place in chosen]
        return np.array([rng.choice(_around_middle(places, share)) for places in drums])


def _around_middle(places: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Out of places in an order those nearest to its middle, that one always among them."""
    centre, half = len(places) // 2, int(share * len(places) / 2.0)
    return places[max(centre - half, 0) : centre + half + 1]
