"""The instruments that the budget is for: 64 wide everywhere, 100 harmonics, 65 bands, random weights.

And beside it one that is played by notes, with two banks of 80 harmonics.

What a step costs follows from the shapes alone, so nothing needs to be trained.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from ddsp_pi.frame import HOP
from ddsp_pi.models.card import Controller, SecondBank, Spectrum, Style
from ddsp_pi.models.touch import CONTROLS
from ddsp_pi.train.export import Origin, make_card, write_instrument
from ddsp_pi.train.features import Features, heard
from ddsp_pi.train.networks import GROUPS, Decoder, Scaling, Widths, rounded
from tests.arm64.count_blocks import BY_NOTES

WIDTH, HARMONICS, BANDS = 64, 100, 65

BANK, RATIO = 80, 0.5
CONTROLLERS = Controller("openness", "", 1.0), Controller("power_chord", "", 0.0)

SCALING = Scaling(8.8, 0.7, -25.0, 7.0)


def write(path: Path) -> None:
    """Make the files; the same ones every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(Widths.uniform(WIDTH, HARMONICS, BANDS), None, path)
    sizes = dict.fromkeys(GROUPS, WIDTH) | {"gru": 0, "harmonics": 2 * BANK, "bands": BANDS}
    played = Widths(**sizes, touch=CONTROLS + len(CONTROLLERS), second=BANK, ratio=RATIO)
    _write(played, Style(CONTROLLERS, SecondBank(RATIO, BANK, "power_chord")), path.with_name(BY_NOTES))


def _write(widths: Widths, style: Style | None, path: Path) -> None:
    torch.manual_seed(0)
    decoder = rounded(Decoder(widths, BANDS, SCALING))
    flat = Spectrum((100.0, 10_000.0), (0.0, 0.0), (0.0,) * BANDS)
    recordings, figures = [_range_of_pitch_and_loudness()], {"metrics": {}, "history": (), "held_out": ()}
    card = make_card(decoder, Origin(path.stem), recordings, flat, style=style, **figures)
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
