"""What a drum hit sounds like in seven numbers, differentiable: by these a mapper learns.

Loudness, brightness and noisiness of the first moments and of what rings after them, and where the energy
lies in time: the features of J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping
with differentiable DSP" (NIME 2024), with the scales of perceived brightness and of perceived attack of
S. Kazazis, P. Depalle and S. McAdams (2021). Frames are of as many samples as theirs, at 48 kHz, and are
centred at multiples of the hop, so that the first hears the strike; one window serves all features.
"""

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from ddsp_pi.frame import SAMPLE_RATE

FRAME, HOP = 2048, 512
TRANSIENT, SUSTAIN = 3, 70
"""Frames of the two windows, the second behind the first: 32 ms and 0.75 s."""

SAMPLES = (TRANSIENT + SUSTAIN - 1) * HOP + FRAME // 2
"""Of a hit from its first sample on, that are looked at: 0.79 s."""

EARLY = round(0.125 * SAMPLE_RATE)
"""Samples in which the centre of the energy is looked for."""

FLOOR = 1e-6
"""Mean square of the white noise in which everything is heard, at −60 dB: silence has a brightness too, and
it is the same where a recording still hisses as where it has been cut off."""

NOTHING = 1e-8
"""Mean square of what is added to the first moments, so that the energy of silence has a centre."""

LOWEST_HZ = 20.0


class Feature(NamedTuple):
    """A column of `get_features`."""

    name: str
    unit: str


FEATURES = (
    Feature("loudness, transient", "dB"),
    Feature("loudness, sustain", "dB"),
    Feature("brightness, transient", "steps"),
    Feature("brightness, sustain", "steps"),
    Feature("flatness, transient", "dB"),
    Feature("flatness, sustain", "dB"),
    Feature("temporal centroid", "steps"),
)
LOUDNESS, BRIGHTNESS = 0, 2
"""Columns of the first moments."""


def get_features(audio: Tensor) -> Tensor:
    """Hits → what they sound like.

    Args:
        audio: (batch, SAMPLES or more) from the first sample of each hit on.

    Returns:
        (batch, 7) float32, the columns of FEATURES: dB, steps of perceived brightness, dB of power squared,
        steps of perceived attack.
    """
    heard = _powers(audio[:, :SAMPLES].float())
    framewise = (_loudness(heard), _brightness(heard), _flatness(heard))
    columns = [part for values in framewise for part in _windows(values)]
    return torch.stack([*columns, _temporal_centroid(audio[:, :EARLY].float())], dim=1)


def _windows(values: Tensor) -> tuple[Tensor, Tensor]:
    """(batch, frames) → the means of transient and sustain, (batch,) each."""
    return values[:, :TRANSIENT].mean(dim=1), values[:, TRANSIENT:].mean(dim=1)


def _powers(audio: Tensor) -> Tensor:
    """(batch, frames, bins) mean squares whose sum is that of the frame, floor included."""
    blocks = torch.nn.functional.pad(audio, (FRAME // 2, 0)).reshape(len(audio), -1, HOP)
    frames = blocks.shape[1] - FRAME // HOP + 1
    # Pieced together from slices, whose gradients are mere sums.
    framed = torch.cat([blocks[:, i : i + frames] for i in range(FRAME // HOP)], dim=2)
    spectrum: Tensor = torch.fft.rfft(framed * _window())
    return spectrum.real.square() + spectrum.imag.square() + FLOOR / (FRAME // 2)


@cache
@torch.inference_mode(False)
def _window() -> Tensor:
    """(FRAME,) Hann, scaled for the mean squares of one side of a spectrum."""
    window = torch.hann_window(FRAME, dtype=torch.float64)
    return (window * torch.sqrt(2.0 / (FRAME * window.square().sum()))).float()


@cache
@torch.inference_mode(False)
def _bins_hz() -> Tensor:
    bins_hz: Tensor = torch.fft.rfftfreq(FRAME, 1.0 / SAMPLE_RATE)
    return bins_hz


@cache
@torch.inference_mode(False)
def _k_weights() -> Tensor:
    """(bins,) gains of power of the K curve: the two filters of ITU-R BS.1770-4 at 48 kHz."""
    turn = torch.exp(-2j * math.pi * _bins_hz().double() / SAMPLE_RATE)
    shelf = _response(
        turn, (1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)
    )
    highpass = _response(turn, (1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
    return (shelf * highpass).abs().square().float()


def _response(turn: Tensor, b: tuple[float, float, float], a: tuple[float, float]) -> Tensor:
    """Of a biquad whose a0 is 1, where z⁻¹ is `turn`."""
    return (b[0] + turn * (b[1] + turn * b[2])) / (1.0 + turn * (a[0] + turn * a[1]))


def _loudness(powers: Tensor) -> Tensor:
    """(batch, frames) dB, K-weighted as in BS.1770."""
    return 10.0 * torch.log10(powers @ _k_weights()) - 0.691


def _brightness(powers: Tensor) -> Tensor:
    """(batch, frames) the centroid of the power on a scale of equal steps of brightness."""
    centroid_hz = (powers @ _bins_hz()) / powers.sum(dim=2)
    return 21.2985 - 34.61 * centroid_hz.clamp(min=LOWEST_HZ) ** -0.1621


def _flatness(powers: Tensor) -> Tensor:
    """(batch, frames) geometric over arithmetic mean of the powers, 20·log10 as in the source."""
    return 20.0 * (powers.log().mean(dim=2) / math.log(10.0) - torch.log10(powers.mean(dim=2)))


def _temporal_centroid(audio: Tensor) -> Tensor:
    """(batch,) where the energy lies, on a scale of equal steps of how soft an attack is felt to be."""
    energy = audio.square() + NOTHING
    at_ms = torch.arange(EARLY) * (1000.0 / SAMPLE_RATE)
    return 0.03 * ((energy @ at_ms) / energy.sum(dim=1)) ** 1.864
