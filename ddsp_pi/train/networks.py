"""The decoder in torch: pitch and loudness in, harmonic amplitudes and noise magnitudes out."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import band_power

HIGHEST_HZ = 22_500.0
"""Partials above this get no amplitude: the room below Nyquist is for pitch moving inside a hop."""

MUTE_PER_OCTAVE = 480.0
"""How steeply their log amplitude falls: 30 within a semitone."""


PITCH_WAVES = (0.5, 1.0, 2.0, 4.0)
"""Cycles per octave of the sines and cosines that tell the network the pitch.

A resonance that is passed within a few semitones cannot be learned from one smooth number: these
Fourier features (Tancik et al. 2020) cost three nodes and were the largest gain of all that was tried.
"""

LOWEST_KNOT_HZ, KNOTS_PER_OCTAVE, KNOTS = 16.0, 8, 85
"""Functions of absolute frequency are kept at knots from 16 Hz to 23 kHz, lines between them."""

BODY_KNOTS = 61
"""The body, one learned log gain per absolute frequency, has the upper ones, from 128 Hz."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How inputs are brought to about zero mean and unit spread; measured on the training set."""

    log2_f0_mean: float
    log2_f0_spread: float
    loudness_mean_db: float
    loudness_spread_db: float


class Decoder(nn.Module):
    """GRU decoder whose output has exactly the loudness that is asked for.

    The network decides the shape of the spectrum only. The level follows in closed form: the sum
    of A-weighted partial and band powers is set to the requested loudness, so silence is silent,
    nothing is biased, and requests outside the trained range stay sane.
    """

    def __init__(self, hidden: int, n_harmonics: int, n_bands: int, scaling: Scaling) -> None:
        super().__init__()
        self.hidden, self.n_harmonics, self.n_bands, self.scaling = hidden, n_harmonics, n_bands, scaling
        self.pitch = _mlp(1 + 2 * len(PITCH_WAVES), hidden)
        self.loudness = _mlp(1, hidden)
        entering = 2 * hidden
        self.gru = nn.GRU(entering, hidden, batch_first=True)
        self.outputs = _mlp(hidden + entering, hidden)
        self.body = nn.Parameter(torch.zeros(BODY_KNOTS))
        self.head = nn.Linear(hidden, n_harmonics + n_bands)
        self.numbers: Tensor
        self.band_log_power: Tensor
        self.register_buffer("numbers", torch.arange(1, n_harmonics + 1, dtype=torch.float32))
        self.log_a_power: Tensor
        band_log_power = torch.tensor(band_power(n_bands, a_weighted=True)).log()
        self.register_buffer("band_log_power", band_log_power.float())
        self.register_buffer("log_a_power", log_a_power().float())

    def forward(
        self, f0_hz: Tensor, loudness_db: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run a sequence.

        Args:
            f0_hz: (batch, frames), loudness_db: (batch, frames).
            state: (1, batch, hidden), zeros if None.

        Returns:
            harmonics (batch, frames, n_harmonics), noise (batch, frames, n_bands), state.
        """
        entering = torch.cat(
            [self.pitch(self._pitch_features(f0_hz)), self.loudness(self._scaled_loudness(loudness_db))], -1
        )
        remembered, state = self.gru(entering, state)
        logits = self.head(self.outputs(torch.cat([remembered, entering], dim=-1)))
        harmonics, noise = self.get_controls(logits, f0_hz, loudness_db)
        return harmonics, noise, state

    def get_controls(self, logits: Tensor, f0_hz: Tensor, loudness_db: Tensor) -> tuple[Tensor, Tensor]:
        """Log-amplitude shapes (batch, frames, harmonics + bands) → amplitudes at that loudness."""
        octaves = torch.log2(f0_hz)[..., None] + torch.log2(self.numbers)
        gain = interpolated(self.body_gain(), octaves) - MUTE_PER_OCTAVE * torch.relu(
            octaves - math.log2(HIGHEST_HZ)
        )
        shape = torch.cat([logits[..., : self.n_harmonics] + gain, logits[..., self.n_harmonics :]], -1)
        bands = self.band_log_power.expand_as(logits[..., self.n_harmonics :])
        weights = torch.cat([interpolated(self.log_a_power, octaves) - math.log(2.0), bands], dim=-1)
        log_power = torch.logsumexp(2.0 * shape + weights, dim=-1, keepdim=True)
        level = 0.5 * (loudness_db[..., None] * (math.log(10.0) / 10.0) - log_power)
        amplitudes = torch.exp(shape + level)
        return amplitudes[..., : self.n_harmonics], amplitudes[..., self.n_harmonics :]

    def body_gain(self) -> Tensor:
        """Log gain of the body at every knot, (KNOTS,); flat below its lowest."""
        return torch.cat([self.body[:1].expand(KNOTS - BODY_KNOTS), self.body])

    def _pitch_features(self, f0_hz: Tensor) -> Tensor:
        octaves = torch.log2(f0_hz)[..., None]
        angles = octaves * (2.0 * math.pi * torch.tensor(PITCH_WAVES))
        scaled = (octaves - self.scaling.log2_f0_mean) / self.scaling.log2_f0_spread
        return torch.cat([scaled, torch.sin(angles), torch.cos(angles)], dim=-1)

    def _scaled_loudness(self, loudness_db: Tensor) -> Tensor:
        return ((loudness_db - self.scaling.loudness_mean_db) / self.scaling.loudness_spread_db)[..., None]


def _mlp(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.LeakyReLU(), nn.Linear(width, width), nn.LeakyReLU())


def knot_octaves() -> Tensor:
    """Where the knots stand, (KNOTS,), in octaves above 1 Hz."""
    return math.log2(LOWEST_KNOT_HZ) + torch.arange(KNOTS, dtype=torch.float64) / KNOTS_PER_OCTAVE


def log_a_power() -> Tensor:
    """ln of the squared A curve at every knot, (KNOTS,).

    Between knots a line is within 0.03 dB of the curve.
    """
    return torch.from_numpy(2.0 * np.log(a_weighting((2.0 ** knot_octaves()).numpy())))


def interpolated(values: Tensor, octaves: Tensor) -> Tensor:
    """Values at the knots → values at any place in octaves above 1 Hz; flat beyond the ends."""
    position = (octaves - math.log2(LOWEST_KNOT_HZ)) * KNOTS_PER_OCTAVE
    position = position.clamp(0.0, KNOTS - 1.001)
    knot = position.floor()
    share, index = position - knot, knot.long()
    return values[index] * (1.0 - share) + values[index + 1] * share
