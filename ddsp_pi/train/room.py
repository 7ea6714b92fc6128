"""A learned room response, so that the decoder need not paint the recording's reverb as noise."""

import torch
from torch import Tensor, nn

from ddsp_pi.frame import SAMPLE_RATE

DIRECT_SAMPLES = 96
"""The first 2 ms belong to the direct sound."""


class RoomResponse(nn.Module):
    """Direct gain plus free taps under an exp(−4 t) weight; used in training only."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        samples = int(seconds * SAMPLE_RATE)
        generator = torch.Generator().manual_seed(0)
        self.direct = nn.Parameter(torch.ones(()))
        self.taps = nn.Parameter(2e-3 * torch.randn(samples, generator=generator))
        fade = torch.exp(-4.0 * torch.arange(samples) / SAMPLE_RATE)
        fade[:DIRECT_SAMPLES] = 0.0
        self.fade: Tensor
        self.register_buffer("fade", fade)

    def forward(self, audio: Tensor) -> Tensor:
        """(batch, samples) dry → (batch, samples) in the room."""
        samples = audio.shape[1]
        size = samples + len(self.taps)
        response = torch.fft.rfft(self.taps * self.fade, size)
        wet = torch.fft.irfft(torch.fft.rfft(audio, size) * response, size)[:, :samples]
        mixed: Tensor = self.direct * audio + wet
        return mixed
