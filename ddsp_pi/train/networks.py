"""The decoder in torch: pitch, loudness and perhaps touch in, harmonics and noise out."""

import copy
import math
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import band_power
from ddsp_pi.models.touch import GATE, ONSET, RELEASE

HIGHEST_HZ = 22_500.0
"""Partials above this get no amplitude: the room below Nyquist is for pitch moving inside a hop."""

MUTE_PER_OCTAVE = 480.0
"""How steeply their log amplitude falls: 30 within a semitone."""

SILENT = -30.0
"""Log amplitude of bands that the network no longer has an output for."""

PITCH_WAVES = (0.5, 1.0, 2.0, 4.0)
"""Cycles per octave of the sines and cosines that tell the network the pitch.

A resonance that is passed within a few semitones cannot be learned from one smooth number: these
Fourier features (Tancik et al. 2020) cost three nodes and were the largest gain of all that was tried.
"""

ONSET_FADES_S = (0.004, 0.01, 0.025, 0.06, 0.15, 0.4, 1.0, 2.5, 8.0)
RELEASE_FADES_S = (0.01, 0.04, 0.16, 0.64)
"""Time constants of the fading exponentials that tell the network how long ago a note began and ended.

Seconds themselves would be hardly audible at the beginning of a note and outgrow everything at its end.
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


GROUPS = ("pitch_1", "pitch_2", "loudness_1", "loudness_2", "gru", "outputs_1", "outputs_2")
"""The layers whose width is free, by their names in Widths."""


class Widths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many units every layer has."""

    pitch_1: int
    pitch_2: int
    loudness_1: int
    loudness_2: int
    gru: int
    outputs_1: int
    outputs_2: int
    harmonics: int
    bands: int
    """Noise bands the network decides about, from the lowest; those above stay silent."""
    touch: int = 0
    """Columns of the touch, for a decoder that is played by notes and has no GRU; 0 for any other."""
    second: int = 0
    """How many of the harmonics, the last ones, are of a second bank."""
    ratio: float = 1.0
    """Of the second bank's pitch to the first's."""

    @classmethod
    def uniform(cls, hidden: int, harmonics: int, bands: int) -> "Widths":
        """Every layer as wide as the next."""
        return cls(**dict.fromkeys(GROUPS, hidden), harmonics=harmonics, bands=bands)

    @property
    def entering(self) -> int:
        """What the GRU is fed with."""
        return self.pitch_2 + self.loudness_2

    @property
    def groups(self) -> tuple[str, ...]:
        """The layers that there are."""
        return tuple(group for group in GROUPS if getattr(self, group))

    @property
    def heard(self) -> int:
        """What the loudness layers hear: loudness, what of the touch is no time, fades of its times."""
        return 1 + (self.touch - GATE + len(ONSET_FADES_S) + len(RELEASE_FADES_S) if self.touch else 0)

    @property
    def outputs(self) -> int:
        """Of the head: a number more where the strength is its own."""
        return self.harmonics + self.bands + bool(self.touch)

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of every matrix."""
        return {
            "pitch.0": (1 + 2 * len(PITCH_WAVES), self.pitch_1),
            "pitch.2": (self.pitch_1, self.pitch_2),
            "loudness.0": (self.heard, self.loudness_1),
            "loudness.2": (self.loudness_1, self.loudness_2),
            "gru.ih": (self.entering, 3 * self.gru),
            "gru.hh": (self.gru, 3 * self.gru),
            "outputs.0": (self.gru + self.entering, self.outputs_1),
            "outputs.2": (self.outputs_1, self.outputs_2),
            "head": (self.outputs_2, self.outputs),
        }

    @property
    def macs(self) -> int:
        """Multiplications with a weight, per step."""
        return sum(inputs * outputs for inputs, outputs in self.layers.values())

    @property
    def parameters(self) -> int:
        """Weights, biases and the body."""
        return self.macs + sum(outputs for _, outputs in self.layers.values()) + BODY_KNOTS


class Decoder(nn.Module):
    """Decoder whose output has exactly the loudness that is asked for.

    The network decides the shape of the spectrum only. The level follows in closed form: the sum
    of A-weighted partial and band powers is set to the requested loudness, so silence is silent,
    nothing is biased, and requests outside the trained range stay sane.

    Played by notes, it is asked for the loudness that a note reaches, and decides as well how far below
    that the sound is now. It has no GRU then: all that it knows of the past is the touch.
    """

    def __init__(self, widths: Widths, n_bands: int, scaling: Scaling) -> None:
        super().__init__()
        self.widths, self.n_bands, self.scaling = widths, n_bands, scaling
        self.n_harmonics = widths.harmonics
        self.pitch = _mlp(1 + 2 * len(PITCH_WAVES), widths.pitch_1, widths.pitch_2)
        self.loudness = _mlp(widths.heard, widths.loudness_1, widths.loudness_2)
        self.gru = nn.GRU(widths.entering, widths.gru, batch_first=True) if widths.gru else None
        self.outputs = _mlp(widths.gru + widths.entering, widths.outputs_1, widths.outputs_2)
        self.body = nn.Parameter(torch.zeros(BODY_KNOTS))
        self.head = nn.Linear(widths.outputs_2, widths.outputs)
        self.numbers: Tensor
        self.band_log_power: Tensor
        self.register_buffer("numbers", numbers_of(widths))
        self.log_a_power: Tensor
        band_log_power = torch.tensor(band_power(n_bands, a_weighted=True)).log()
        self.register_buffer("band_log_power", band_log_power.float())
        self.register_buffer("log_a_power", log_a_power().float())

    def forward(
        self, f0_hz: Tensor, loudness_db: Tensor, touch: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Run a sequence from the beginning.

        Args:
            f0_hz: (batch, frames), loudness_db: (batch, frames).
            touch: (batch, frames, columns of a Touch); only for a decoder that is played by notes.

        Returns:
            harmonics (batch, frames, n_harmonics), noise (batch, frames, n_bands).
        """
        heard = self._heard(loudness_db, touch)
        entering = torch.cat([self.pitch(self._pitch_features(f0_hz)), self.loudness(heard)], -1)
        known = entering if self.gru is None else torch.cat([self.gru(entering)[0], entering], dim=-1)
        logits = self.head(self.outputs(known))
        return self.get_controls(logits, f0_hz, loudness_db)

    def get_controls(self, logits: Tensor, f0_hz: Tensor, loudness_db: Tensor) -> tuple[Tensor, Tensor]:
        """Log-amplitude shapes (batch, frames, outputs of the head) → amplitudes at that loudness."""
        wanted = loudness_db[..., None] * (math.log(10.0) / 20.0)
        if self.widths.touch:
            wanted = wanted + logits[..., -1:]
            logits = logits[..., :-1]
        logits = nn.functional.pad(logits, (0, self.n_bands - self.widths.bands), value=SILENT)
        octaves = torch.log2(f0_hz)[..., None] + torch.log2(self.numbers)
        gain = interpolated(self.body_gain(), octaves) - MUTE_PER_OCTAVE * torch.relu(
            octaves - math.log2(HIGHEST_HZ)
        )
        shape = torch.cat([logits[..., : self.n_harmonics] + gain, logits[..., self.n_harmonics :]], -1)
        bands = self.band_log_power.expand_as(logits[..., self.n_harmonics :])
        weights = torch.cat([interpolated(self.log_a_power, octaves) - math.log(2.0), bands], dim=-1)
        log_power = torch.logsumexp(2.0 * shape + weights, dim=-1, keepdim=True)
        amplitudes = torch.exp(shape + wanted - 0.5 * log_power)
        return amplitudes[..., : self.n_harmonics], amplitudes[..., self.n_harmonics :]

    def body_gain(self) -> Tensor:
        """Log gain of the body at every knot, (KNOTS,); flat below its lowest."""
        return torch.cat([self.body[:1].expand(KNOTS - BODY_KNOTS), self.body])

    def _pitch_features(self, f0_hz: Tensor) -> Tensor:
        octaves = torch.log2(f0_hz)[..., None]
        angles = octaves * (2.0 * math.pi * torch.tensor(PITCH_WAVES))
        scaled = (octaves - self.scaling.log2_f0_mean) / self.scaling.log2_f0_spread
        return torch.cat([scaled, torch.sin(angles), torch.cos(angles)], dim=-1)

    def _heard(self, loudness_db: Tensor, touch: Tensor | None) -> Tensor:
        """What the loudness layers hear, (batch, frames, heard)."""
        loudness = (loudness_db - self.scaling.loudness_mean_db) / self.scaling.loudness_spread_db
        if touch is None or not self.widths.touch:
            return loudness[..., None]
        fades = torch.exp(-(touch[..., :GATE] @ fade_rates()))
        return torch.cat([loudness[..., None], touch[..., GATE:], fades], dim=-1)


def numbers_of(widths: Widths) -> Tensor:
    """Of every harmonic, (harmonics,): its frequency over the pitch."""
    first = torch.arange(1, widths.harmonics - widths.second + 1, dtype=torch.float32)
    return torch.cat([first, widths.ratio * torch.arange(1, widths.second + 1, dtype=torch.float32)])


def fade_rates() -> Tensor:
    """(times of a touch, fades) per second: which fade follows which time, and how fast."""
    rates = torch.zeros(GATE, len(ONSET_FADES_S) + len(RELEASE_FADES_S))
    rates[ONSET, : len(ONSET_FADES_S)] = 1.0 / torch.tensor(ONSET_FADES_S)
    rates[RELEASE, len(ONSET_FADES_S) :] = 1.0 / torch.tensor(RELEASE_FADES_S)
    return rates


def rounded(decoder: Decoder) -> Decoder:
    """A copy whose large matrices are float16 numbers, which halves its file.

    First layers stay as they are: their input is a pitch, where a rounding would be a detuning.
    """
    copied = copy.deepcopy(decoder)
    with torch.no_grad():
        for name, weights in copied.named_parameters():
            if weights.dim() == 2 and name not in ("pitch.0.weight", "loudness.0.weight"):
                weights.copy_(weights.half())
    return copied


def _mlp(inputs: int, first: int, second: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, first), nn.LeakyReLU(), nn.Linear(first, second), nn.LeakyReLU())


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
