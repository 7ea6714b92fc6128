"""The snare of `dsp.snare` for training: closed forms throughout, differentiable in all 14 parameters."""

import math
from functools import cache

import torch
from torch import Tensor

from ddsp_pi.dsp.hits import ATTACK, HIGHEST_HZ
from ddsp_pi.dsp.snare import NOISE_SAMPLES, drum_noise
from ddsp_pi.dsp.snare_params import HIGH, LOW, NAMES
from ddsp_pi.frame import SAMPLE_RATE

RING_NEPERS = 9.42
"""How far the ringing of a high-pass has fallen, 82 dB, when its transform comes round to the begin."""

SHORTEST_RING = 1024
"""Samples of ringing that there is always room for; otherwise twice as many, or four times and so on."""


def from_norms(positions: Tensor) -> Tensor:
    """(batch, 14) positions 0..1 of the knobs → values in their units, float64, for pitches need it."""
    low, high = torch.from_numpy(LOW), torch.from_numpy(HIGH)
    return low + (high - low) * positions.double()


def get_signal(values: Tensor, samples: int = SAMPLE_RATE, place: int | Tensor = 0) -> Tensor:
    """Parameters → one hit each, from its first sample on.

    Args:
        values: (batch, 14) in the units of SNARE_PARAMS, inside their ranges.
        place: the sample of the noise that is the first, or (batch,) of them; the live synthesizer's clock
            at the strike.

    Returns:
        (batch, samples) float32.
    """
    named = dict(zip(NAMES, values.double().unbind(1), strict=True))
    age = torch.arange(samples, dtype=torch.float64)
    moved = _swept(age, _fall(named["mod_decay"]))
    drive = named["drive"]
    parts = [
        _gain(named[f"{osc}_gain"] + drive)
        * _envelope(age, _fall(named[f"{osc}_decay"]))
        * _sine(named[f"{osc}_freq"], named[f"{osc}_mod"], age, moved)
        for osc in ("osc1", "osc2")
    ]
    heard = (torch.as_tensor(place).reshape(-1, 1) + torch.arange(samples)) % NOISE_SAMPLES
    noise = _noise()[heard] * _envelope(age, _fall(named["noise_decay"]))
    hiss = _highpass(noise, named["noise_highpass"], named["noise_q"])
    return torch.tanh(parts[0] + parts[1] + _gain(named["noise_gain"] + drive) * hiss)


def _fall(decay_ms: Tensor) -> Tensor:
    """(batch, 1) nepers per sample."""
    return (math.log(1000.0) * 1000.0 / SAMPLE_RATE / decay_ms)[:, None]


def _gain(gain_db: Tensor) -> Tensor:
    return (10.0 ** (gain_db / 20.0))[:, None].float()


def _envelope(age: Tensor, fall: Tensor) -> Tensor:
    """(batch, samples) float32; see `snare.envelope`."""
    rise = (age[:ATTACK] + 1.0) / ATTACK
    falling = torch.exp((-fall.float()) * (age[ATTACK:] - (ATTACK - 1.0)).float())
    return torch.cat([rise.float().expand(len(fall), -1), falling], dim=1)


def _swept(age: Tensor, fall: Tensor) -> Tensor:
    """(batch, samples) float64; see `snare.swept`."""
    rise = age[:ATTACK] * (age[:ATTACK] + 1.0) / (2.0 * ATTACK)
    falling = torch.exp(-fall * (age[ATTACK:] - (ATTACK - 1.0)))
    fallen = (ATTACK + 1.0) / 2.0 + (torch.exp(-fall) - falling) / -torch.expm1(-fall)
    return torch.cat([rise.expand(len(fall), -1), fallen], dim=1)


def _sine(freq: Tensor, mod: Tensor, age: Tensor, moved: Tensor) -> Tensor:
    """(batch, samples) float32, from phases in float64."""
    turns = (freq / SAMPLE_RATE)[:, None] * (age + mod[:, None] * moved)
    return torch.sin((2.0 * math.pi) * (turns - torch.round(turns.detach())).float())


@cache
@torch.inference_mode(False)
def _noise() -> Tensor:
    return torch.from_numpy(drum_noise().copy())


def _highpass(signal: Tensor, freq: Tensor, q: Tensor) -> Tensor:
    """The filter's response at the frequencies of a transform: exact, but for what rings beyond its end.

    H = s² / (s² + s/Q + 1) with s = i·tan(w/2) / tan(π·f/rate), times cos²(w/2) above and below.
    """
    samples = signal.shape[1]
    size = _fast_size(samples + _ring(freq, q))
    above, beside, against = _squares(size)
    cutoff = torch.tan(freq.clamp(max=HIGHEST_HZ) * (math.pi / SAMPLE_RATE))[:, None]
    below = torch.complex(
        (above - cutoff * cutoff * against).float(), (-cutoff / q[:, None] * beside).float()
    )
    spectrum = torch.fft.rfft(signal, size) * (above.float() / below)
    filtered: Tensor = torch.fft.irfft(spectrum, size)[:, :samples]
    return filtered


def _ring(freq: Tensor, q: Tensor) -> int:
    """Samples that the filter of a batch that rings longest needs room for."""
    falls = torch.sin(freq.clamp(max=HIGHEST_HZ) * (2.0 * math.pi / SAMPLE_RATE)) / (2.0 * q)
    needed = RING_NEPERS / falls.min().item()
    return int(SHORTEST_RING << max(0, math.ceil(math.log2(needed / SHORTEST_RING))))


@cache
@torch.inference_mode(False)
def _squares(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """(size / 2 + 1,) sin², sin·cos and cos² of half the frequencies of a transform."""
    half = torch.arange(size // 2 + 1, dtype=torch.float64) * (math.pi / size)
    sine, cosine = torch.sin(half), torch.cos(half)
    return sine * sine, sine * cosine, cosine * cosine


@cache
def _fast_size(least: int) -> int:
    """The next product of 2, 3 and 5 that is a multiple of 16."""
    return next(size for size in range(math.ceil(least / 16) * 16, 2 * least, 16) if _is_smooth(size))


def _is_smooth(size: int) -> bool:
    for factor in (2, 3, 5):
        while size % factor == 0:
            size //= factor
    return size == 1
