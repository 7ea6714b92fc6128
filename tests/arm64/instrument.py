"""The instrument that the budget is for: 64 wide everywhere, 100 harmonics, 65 bands, random weights.

What a step costs follows from the shapes alone, so nothing needs to be trained.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from ddsp_pi.frame import HOP
from ddsp_pi.models.card import Spectrum
from ddsp_pi.train.export import Origin, make_card, write_instrument
from ddsp_pi.train.features import Features, heard
from ddsp_pi.train.networks import Decoder, Scaling, Widths, rounded

WIDTH, HARMONICS, BANDS = 64, 100, 65


def write(path: Path) -> None:
    """Make the file; the same one every time."""
    torch.manual_seed(0)
    decoder = rounded(Decoder(Widths.uniform(WIDTH, HARMONICS, BANDS), BANDS, Scaling(8.8, 0.7, -25.0, 7.0)))
    flat = Spectrum((100.0, 10_000.0), (0.0, 0.0), (0.0,) * BANDS)
    recordings = [_range_of_pitch_and_loudness()]
    card = make_card(decoder, Origin("budget"), recordings, flat, metrics={}, history=(), held_out=())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_instrument(decoder, card, path)


def _range_of_pitch_and_loudness() -> Features:
    frames = 100
    return heard(
        "none",
        np.zeros((frames - 1) * HOP, np.float32),
        np.geomspace(60.0, 1200.0, frames, dtype=np.float32),
        np.ones(frames, np.float32),
        np.linspace(-60.0, -5.0, frames, dtype=np.float32),
        np.zeros((frames, HARMONICS), np.float32),
        np.zeros((frames, BANDS), np.float32),
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
