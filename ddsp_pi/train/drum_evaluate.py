"""Figures of a mapper on hits it never heard, beside those of a drum that nobody moves, and a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ddsp_pi.models.drum_mapper import DrumMapper
from ddsp_pi.train.drum_features import BRIGHTNESS, FEATURES, LOUDNESS
from ddsp_pi.train.drum_material import Heard
from ddsp_pi.train.mapper_loop import Drum, places

SEED = 1
"""Of the noise that the hits are played with: other noise than any that was learned with."""

ITERATIONS, RATE, LAST_RATE = 1000, 5e-3, 0.03
"""Of direct optimisation: steps of Adam, and the learning rate at the begin and, relative to it, the end."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Hits that were not trained on, and what a drum made of them."""

    drums: tuple[str, ...]
    wanted: NDArray[np.float32]
    """(hits, 7) how the sound of each differs from that of the middle hit of its drum."""
    made: NDArray[np.float32]
    """(hits, 7) how the sound of the drum differed from that of its preset."""


def perform(heard: Heard, mapper: DrumMapper, drum: Drum, own_ranges: bool = False) -> Judged:
    """Let a mapper play hits that are heard in time, from its file as it will be played.

    Args:
        own_ranges: measure each drum by what was heard of itself, not by the ranges of the card.
    """
    differences = heard.own_differences() if own_ranges else heard.differences(mapper.card.ranges)
    return _judged(heard, heard.wanted, mapper, drum, differences)


def follow(heard: Heard, mapper: DrumMapper, drum: Drum) -> Judged:
    """The same as a live drum follows, which knows no middle hit but the median of all that is heard."""
    return _judged(heard, heard.usual_wanted, mapper, drum, heard.usual_differences(mapper.card.ranges))


def _judged(heard: Heard, wanted: Tensor, mapper: DrumMapper, drum: Drum, differences: Tensor) -> Judged:
    movements = np.array([mapper.movement(difference) for difference in differences.double().numpy()])
    rng = np.random.default_rng(SEED)
    with torch.no_grad():
        made = drum.differs(torch.from_numpy(movements).float(), places(rng, len(movements)))
    return Judged(tuple(hit.drum for hit in heard.hits), wanted.numpy(), made.numpy())


def optimised(heard: Heard, drum: Drum, count: int) -> Judged:
    """What the drum can do at best: the knobs of some hits turned until the features fit, each for itself."""
    chosen = np.unique(np.linspace(0, len(heard.hits) - 1, count).round().astype(int))
    wanted = heard.wanted[chosen]
    movement = torch.zeros((len(chosen), drum.preset.numel()), requires_grad=True)
    adam, rng = torch.optim.Adam([movement], lr=RATE), np.random.default_rng(SEED)
    fade = torch.optim.lr_scheduler.CosineAnnealingLR(adam, ITERATIONS, RATE * LAST_RATE)
    for _ in tqdm(range(ITERATIONS), desc="direct optimisation", unit="step", disable=None):
        # Summed, not averaged: each hit is moved as if it were alone.
        loss = (drum.differs(movement, places(rng, len(chosen))) - wanted).abs().mean(1).sum()
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        fade.step()
    with torch.no_grad():
        made = drum.differs(movement, places(rng, len(chosen)))
    return Judged(tuple(heard.hits[i].drum for i in chosen), wanted.numpy(), made.numpy())


def measure(judged: Judged, followed: Judged, spread: NDArray[np.float32]) -> dict[str, float]:
    """The figures of the card.

    `error`: mean over hits and features of how far the drum is from where it should be; `error_still`: of a
    drum that plays its preset whatever is hit. `balanced…`: the same with every feature divided by
    its spread. `…_rank`: rank correlation of what was hit and what sounded.

    Args:
        judged: beside the hit of median loudness of each drum, as the source of the loss has it.
        followed: beside the median of each drum, for the ranks: a single hit that has an odd brightness would
            move all others of its drum among those of the next.
        spread: (7,) how much each feature changes in training.
    """
    errors = np.abs(judged.made - judged.wanted).mean(axis=0, dtype=np.float64)
    still = np.abs(judged.wanted).mean(axis=0, dtype=np.float64)
    ranks = {"loudness_rank": LOUDNESS, "brightness_rank": BRIGHTNESS}
    return {
        "error": float(errors.mean()),
        "error_still": float(still.mean()),
        "below_still": float(1.0 - errors.mean() / still.mean()),
        "balanced_below_still": float(1.0 - (errors / spread).mean() / (still / spread).mean()),
        **{name: rank_correlation(followed, column) for name, column in ranks.items()},
    }


def by_feature(judged: Judged) -> dict[str, tuple[float, float]]:
    """Mean error of each feature, and that of a drum that plays its preset whatever is hit."""
    errors = np.abs(judged.made - judged.wanted).mean(axis=0).tolist()
    still = np.abs(judged.wanted).mean(axis=0).tolist()
    return {
        feature.name: pair for feature, pair in zip(FEATURES, zip(errors, still, strict=True), strict=True)
    }


def rank_correlation(judged: Judged, column: int) -> float:
    """Spearman's, over all hits."""
    return spearman(judged.wanted[:, column], judged.made[:, column])


def spearman(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation of the ranks, of which equal values share theirs; 0 where one side never changes."""
    first, second = _ranks(one), _ranks(other)
    if not first.any() or not second.any():
        return 0.0
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Centred ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts + 1) / 2.0
    return np.asarray(middles[which] - middles[which].mean())


def draw(judged: Judged, path: Path) -> None:
    """What was hit and what sounded, feature by feature, each drum in its colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 7), layout="constrained")
    for column, feature in enumerate(FEATURES):
        axes = figure.add_subplot(2, 4, column + 1)
        wanted, made = judged.wanted[:, column], judged.made[:, column]
        ends = [min(wanted.min(), made.min()), max(wanted.max(), made.max())]
        axes.plot(ends, ends, color="0.7", linewidth=1)
        for name in sorted(set(judged.drums)):
            mine = np.array([drum == name for drum in judged.drums])
            axes.scatter(wanted[mine], made[mine], s=12, label=name)
        axes.set(title=feature.name, xlabel=f"hit, {feature.unit} from the middle one", ylabel="drum")
    axes = figure.add_subplot(2, 4, 8)
    axes.axis("off")
    axes.legend(*figure.axes[0].get_legend_handles_labels(), loc="center")
    figure.savefig(path, dpi=80)
