"""The decoder in torch: pitch and loudness in, harmonic amplitudes and noise magnitudes out."""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ddsp_pi.dsp.loudness import A_POLES_HZ
from ddsp_pi.dsp.noise import band_power

HIGHEST_HZ = 22_500.0
"""Partials above this get no amplitude: the room below Nyquist is for pitch moving inside a hop."""

MUTED = -30.0
"""Added to the log amplitude of such a partial."""


PITCH_WAVES = (0.5, 1.0, 2.0, 4.0)
"""Cycles per octave of the sines and cosines that tell the network the pitch.

A resonance that is passed within a few semitones cannot be learned from one smooth number: these
Fourier features (Tancik et al. 2020) cost three nodes and buy more than doubling the width does.
"""

BODY_LOWEST_HZ, BODY_KNOTS_PER_OCTAVE, BODY_KNOTS = 128.0, 8, 61
"""The body: one log gain per absolute frequency, linear between knots up to 23 kHz."""


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
        band_log_power = torch.tensor(band_power(n_bands, a_weighted=True)).log()
        self.register_buffer("band_log_power", band_log_power.float())

    def describe(self) -> dict[str, object]:
        """What is needed to build this network again."""
        return {
            "hidden": self.hidden,
            "n_harmonics": self.n_harmonics,
            "n_bands": self.n_bands,
            "scaling": asdict(self.scaling),
        }

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
        partials_hz = f0_hz[..., None] * self.numbers
        muted = torch.where(partials_hz > HIGHEST_HZ, MUTED, 0.0)
        resonant = logits[..., : self.n_harmonics] + self.body_gain(partials_hz) + muted
        shape = torch.cat([resonant, logits[..., self.n_harmonics :]], -1)
        weights = torch.cat(
            [
                log_a_power(partials_hz) - math.log(2.0),
                self.band_log_power.expand_as(logits[..., self.n_harmonics :]),
            ],
            dim=-1,
        )
        log_power = torch.logsumexp(2.0 * shape + weights, dim=-1, keepdim=True)
        level = 0.5 * (loudness_db[..., None] * (math.log(10.0) / 10.0) - log_power)
        amplitudes = torch.exp(shape + level)
        return amplitudes[..., : self.n_harmonics], amplitudes[..., self.n_harmonics :]

    def body_gain(self, frequency_hz: Tensor) -> Tensor:
        """Log gain of the body at these frequencies, of the input's shape; flat beyond the ends."""
        position = body_position(frequency_hz).clamp(0.0, BODY_KNOTS - 1.001)
        knot = position.floor()
        share, index = position - knot, knot.long()
        gain: Tensor = self.body[index] * (1.0 - share) + self.body[index + 1] * share
        return gain

    def _pitch_features(self, f0_hz: Tensor) -> Tensor:
        octaves = torch.log2(f0_hz)[..., None]
        angles = octaves * (2.0 * math.pi * torch.tensor(PITCH_WAVES))
        scaled = (octaves - self.scaling.log2_f0_mean) / self.scaling.log2_f0_spread
        return torch.cat([scaled, torch.sin(angles), torch.cos(angles)], dim=-1)

    def _scaled_loudness(self, loudness_db: Tensor) -> Tensor:
        return ((loudness_db - self.scaling.loudness_mean_db) / self.scaling.loudness_spread_db)[..., None]


def body_position(frequency_hz: Tensor) -> Tensor:
    """Where a frequency stands among the knots of the body, counted in knots."""
    return (torch.log2(frequency_hz) - math.log2(BODY_LOWEST_HZ)) * BODY_KNOTS_PER_OCTAVE


def _mlp(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.LeakyReLU(), nn.Linear(width, width), nn.LeakyReLU())


A_EXPONENTS = (4.0, -2.0, -1.0, -1.0, -2.0)
"""Exponents of f² and of f² + each pole² in the squared A curve."""


def a_log_constant() -> float:
    """What makes the squared A curve 1 at 1 kHz, in the log domain."""
    square = 1000.0**2
    terms = [0.0, *(pole**2 for pole in A_POLES_HZ)]
    return -sum(e * math.log(square + term) for e, term in zip(A_EXPONENTS, terms, strict=True))


def log_a_power(frequency_hz: Tensor) -> Tensor:
    """ln of the squared A curve, of the input's shape."""
    square = frequency_hz**2
    total = torch.full_like(square, a_log_constant())
    for exponent, pole in zip(A_EXPONENTS, (0.0, *A_POLES_HZ), strict=True):
        total = total + exponent * torch.log(square + pole**2)
    return total
