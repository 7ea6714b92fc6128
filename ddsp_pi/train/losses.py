"""Multi-resolution STFT loss, after Yamamoto et al. 2020 (Parallel WaveGAN) and Engel et al. 2020 (DDSP).

Every loss is a sum of ratios. A process of a team gives the numerators of its own items over the
denominators of all, so that the losses of the team add up to that of the whole batch, and so do
their gradients.
"""

import torch
from torch import Tensor

from ddsp_pi.train.team import ALONE, Team

FFT_SIZES = (2048, 1024, 512, 256, 128, 64)
LOG_FLOOR = 1e-5


def magnitudes(audio: Tensor, fft_size: int, hop: int) -> Tensor:
    """|STFT| of (batch, samples) with a Hann window, scaled so that unit white noise reads about 1."""
    window = torch.hann_window(fft_size, device=audio.device)
    spectrum = torch.stft(audio, fft_size, hop, window=window, return_complex=True, pad_mode="constant")
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.sqrt(power / window.square().sum() + 1e-14)


def multi_resolution_terms(
    audio: Tensor, target: Tensor, overlap: int = 4, team: Team = ALONE
) -> tuple[Tensor, Tensor]:
    """Linear and log terms, each the mean over six FFT sizes with hop = size / overlap.

    linear = mean |S − S'| / mean S, log = mean |ln(S + 1e-5) − ln(S' + 1e-5)|; both (batch, samples).
    """
    linear, log, level, bins = [], [], [], []
    for size in FFT_SIZES:
        made = magnitudes(audio, size, size // overlap)
        with torch.no_grad():
            wanted = magnitudes(target, size, size // overlap)
        linear.append((made - wanted).abs().sum())
        log.append((torch.log(made + LOG_FLOOR) - torch.log(wanted + LOG_FLOOR)).abs().sum())
        level.append(wanted.sum())
        bins.append(torch.tensor(float(wanted.numel())))
    levels, counts = team.summed(torch.stack([torch.stack(level), torch.stack(bins)]))
    return (torch.stack(linear) / levels).mean(), (torch.stack(log) / counts).mean()


def spectral_loss(audio: Tensor, target: Tensor, overlap: int = 4, team: Team = ALONE) -> Tensor:
    """The sum of both terms. Two equal noises score about 1.2, not 0: quote the oracle beside it."""
    linear, log = multi_resolution_terms(audio, target, overlap, team)
    return linear + log


def control_loss(
    made: Tensor, wanted: Tensor, confidence: Tensor, floor: float, team: Team = ALONE
) -> Tensor:
    """Weighted mean |ln made − ln wanted| of (batch, frames, partials) amplitudes above a floor.

    Loud partials count most, but not alone; frames with an unsure pitch label hardly count.
    """
    weight = (wanted / wanted.amax(-1, keepdim=True)) ** 0.25 + 0.05
    weight = weight * confidence.clamp(0.05, 1.0)[..., None]
    error = (torch.log(made + floor) - torch.log(wanted + floor)).abs()
    return (weight * error).sum() / team.summed(weight.sum())
