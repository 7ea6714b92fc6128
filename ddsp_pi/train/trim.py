"""Structured trimming: rank, remove, repair, train on, and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import numpy as np
import torch
from msgspec import Meta
from torch import Tensor

from ddsp_pi.errors import RunError
from ddsp_pi.train.criteria import CRITERIA, Evidence, Ranking
from ddsp_pi.train.dataset import told_of
from ddsp_pi.train.features import Features
from ddsp_pi.train.networks import Decoder, Widths
from ddsp_pi.train.units import Fold, activations, folded, least_squares, selection, with_outputs

SEGMENT = 376
SEGMENTS = 96
"""Frames and number of the pieces of the training set that units are watched on."""
UNHEARD_DB = -90.0
"""An output that never comes this near to its frame's level is never used."""
FLOOR_SHARE = 4
"""No layer shrinks below this part of the width that is aimed at: an empty layer is a broken network."""


class Surgery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How units are chosen and repaired, and how training goes on after each removal."""

    criterion: str = "residual"
    repair: bool = True
    """Whether the units that stay take over, by least squares, what left."""
    rewind: bool = False
    """Whether those who stay go back to what they were early in the run (lottery tickets)."""
    distil: Annotated[float, Meta(ge=0)] = 0.0
    """Weight of staying near the untrimmed teacher's spectra while training on."""
    teacher_steps: Annotated[int, Meta(ge=0)] = 150
    """Steps on the teacher's spectra alone, after each removal."""
    finetune_steps: Annotated[int, Meta(ge=1)] = 800
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A smaller decoder, and which units of the old one it kept."""

    decoder: Decoder
    kept: Mapping[str, Tensor]


def observe(decoder: Decoder, recordings: Sequence[Features]) -> Evidence:
    """Watch every unit at work on evenly spaced pieces of the training set."""
    f0_hz, asked_db, touch = _pieces(decoder, recordings)
    with torch.no_grad():
        harmonics, noise = decoder(f0_hz, asked_db, touch)
    live = noise[..., : decoder.widths.bands]
    outputs = torch.log(torch.cat([harmonics, live], dim=-1).clamp_min(1e-9)).flatten(0, 1)
    return Evidence(decoder, activations(decoder, f0_hz, asked_db, touch), outputs)


def trim(evidence: Evidence, width: int, surgery: Surgery) -> Trimmed:
    """Remove units until there are no more parameters than in a decoder `width` wide throughout."""
    decoder = evidence.decoder
    budget = msgspec.structs.replace(decoder.widths, **dict.fromkeys(decoder.widths.groups, width)).parameters
    criterion = CRITERIA[surgery.criterion]
    rankings = {group: criterion.rank(evidence, group) for group in decoder.widths.groups}
    kept = choose(decoder.widths, rankings, budget, max(2, width // FLOOR_SHARE), criterion.per_parameter)
    return Trimmed(folded(decoder, _folds(evidence, kept, surgery.repair)), kept)


def choose(
    widths: Widths, rankings: Mapping[str, Ranking], budget: int, floor: int, per_parameter: bool
) -> dict[str, Tensor]:
    """Units that stay, by group: always the cheapest leaves, or the cheapest per parameter it saves."""
    gone = dict.fromkeys(rankings, 0)
    while widths.parameters > budget:
        prices = {
            group: float(ranking.costs[gone[group]]) / (_saving(widths, group) if per_parameter else 1)
            for group, ranking in rankings.items()
            if getattr(widths, group) > floor
        }
        if not prices:
            break
        group = min(prices, key=lambda g: prices[g])
        gone[group] += 1
        widths = _one_less(widths, group)
    return {
        group: torch.from_numpy(np.sort(ranking.order[gone[group] :])) for group, ranking in rankings.items()
    }


def without_unheard(evidence: Evidence) -> Decoder:
    """The decoder without the uppermost harmonics and bands that are never heard.

    Of two banks of harmonics none leaves: neither has its uppermost at the end.
    """
    decoder = evidence.decoder
    levels = evidence.outputs * (20.0 / np.log(10.0))
    highest = (levels - levels.amax(1, keepdim=True)).amax(0)
    heard = [part > UNHEARD_DB for part in torch.split(highest, [decoder.n_harmonics, decoder.widths.bands])]
    harmonics, bands = (max(2, int(part.nonzero().max()) + 1) for part in heard)
    return with_outputs(decoder, decoder.n_harmonics if decoder.widths.second else harmonics, bands)


def taught_by(teacher: Decoder, recording: Features) -> Features:
    """A recording whose analysed spectra are replaced by what the teacher makes of its controls."""
    with torch.no_grad():
        harmonics, noise = teacher(*(told[None] for told in told_of(recording)))
    return replace(recording, harmonics=harmonics[0].numpy(), noise=noise[0].numpy())


def mask_weights(decoder: Decoder, share: float) -> None:
    """Set the smallest weights to zero, and keep them there while training goes on.

    Unstructured pruning, for comparison: everything stays as large and as slow as it was.
    """
    matrices = [p for name, p in decoder.named_parameters() if p.dim() == 2 and name != "loudness.0.weight"]
    sizes = torch.cat([matrix.detach().abs().flatten() for matrix in matrices])
    smallest = float(np.quantile(sizes.numpy(), share))
    for matrix in matrices:
        mask = (matrix.detach().abs() > smallest).float()
        with torch.no_grad():
            matrix.mul_(mask)
        matrix.register_hook(mask.mul)  # type: ignore[no-untyped-call]


def _folds(evidence: Evidence, kept: Mapping[str, Tensor], repair: bool) -> dict[str, Fold]:
    changed = {g: k for g, k in kept.items() if len(k) < getattr(evidence.decoder.widths, g)}
    if repair:
        return {group: least_squares(k, evidence.activations[group]) for group, k in changed.items()}
    return {group: selection(k, getattr(evidence.decoder.widths, group)) for group, k in changed.items()}


def _saving(widths: Widths, group: str) -> int:
    return widths.parameters - _one_less(widths, group).parameters


def _one_less(widths: Widths, group: str) -> Widths:
    return msgspec.structs.replace(widths, **{group: getattr(widths, group) - 1})


def _pieces(decoder: Decoder, recordings: Sequence[Features]) -> tuple[Tensor, ...]:
    """What is told to the decoder, (segments, frames) each, from all over the recordings."""
    if not decoder.widths.gru:
        # Without memory a frame needs no neighbours, and notes may be as short as they like.
        whole = [torch.cat(parts) for parts in zip(*map(told_of, recordings), strict=True)]
        at = torch.linspace(0, len(whole[0]) - 1, min(SEGMENT * SEGMENTS, len(whole[0]))).long()
        return tuple(part[at][None] for part in whole)
    places = [
        (recording, start)
        for recording in recordings
        for start in range(0, len(recording.f0_hz) - SEGMENT + 1, SEGMENT)
    ]
    if not places:
        raise RunError(f"no training recording is longer than {SEGMENT} frames; units cannot be watched")
    chosen = [places[i] for i in np.linspace(0, len(places) - 1, min(SEGMENTS, len(places))).astype(int)]
    told = [[part[start : start + SEGMENT] for part in told_of(recording)] for recording, start in chosen]
    return tuple(torch.stack(parts) for parts in zip(*told, strict=True))
