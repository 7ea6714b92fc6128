"""The second bank's outputs, fitted to its analysed partials in closed form.

Short windows do not tell partials half an octave apart, and a spectral loss is as content with noise in their
place: after fine-tuning a second bank may have all but gone. Its outputs are linear in what the layer before
them does, so they can be brought back to what was found in the recordings without touching anything else.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ddsp_pi.train.analysis import FLOOR
from ddsp_pi.train.dataset import told_of
from ddsp_pi.train.features import Features
from ddsp_pi.train.networks import Decoder
from ddsp_pi.train.units import activations

RIDGE = 1e-3
"""Of the mean square of a unit: weights that hardly matter stay small."""


def refit_second_bank(decoder: Decoder, recordings: Sequence[Features]) -> None:
    """Move the head's rows of the second bank to the least-squares fit of the log amplitudes that were found.

    Where a recording has none of a partial, it is to stay as it is.
    """
    first = decoder.n_harmonics - decoder.widths.second
    units, missing = map(torch.cat, zip(*(_missing(decoder, r, first) for r in recordings), strict=True))
    heard = (missing != 0.0).any(0)
    if not heard.any():
        return
    fit = _least_squares(units, missing[:, heard])
    rows = first + heard.nonzero()[:, 0]
    with torch.no_grad():
        decoder.head.weight[rows] += fit[:-1].t().float()
        decoder.head.bias[rows] += fit[-1].float()


def _missing(decoder: Decoder, recording: Features, first: int) -> tuple[Tensor, Tensor]:
    """(frames, units) of the last layer, and (frames, partials) nepers that the second bank is short of."""
    f0_hz, asked_db, touch = (part[None] for part in told_of(recording))
    sounding = torch.from_numpy(recording.confidence) > 0.5
    with torch.no_grad():
        made = decoder(f0_hz, asked_db, touch)[0][0, :, first:]
    wanted = torch.from_numpy(recording.harmonics[:, first:])
    missing = torch.where(wanted > FLOOR, torch.log(wanted) - torch.log(made + FLOOR), 0.0)
    return activations(decoder, f0_hz, asked_db, touch)["outputs_2"][sounding], missing[sounding]


def _least_squares(units: Tensor, wanted: Tensor) -> Tensor:
    """(units + 1, partials): weights and, last, the constant."""
    seen = torch.cat([units.double(), torch.ones(len(units), 1, dtype=torch.float64)], dim=1)
    gram = seen.t() @ seen
    ridge = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.float64)
    ridge[-1, -1] = 0.0
    fit: Tensor = torch.linalg.solve(gram + ridge, seen.t() @ wanted.double())
    return fit
