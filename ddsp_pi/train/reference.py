"""What ours is compared with: the usual decoder at full width, in torch, with a sum of sines."""

import math

import torch
from torch import Tensor, nn

from ddsp_pi.frame import HOP, SAMPLE_RATE

WIDTH = 512


def _mlp(inputs: int) -> nn.Sequential:
    """Three layers, each normalised and bent."""
    layers: list[nn.Module] = []
    for size in (inputs, WIDTH, WIDTH):
        layers += [nn.Linear(size, WIDTH), nn.LayerNorm(WIDTH), nn.LeakyReLU()]
    return nn.Sequential(*layers)


class _Decoder(nn.Module):
    """Pitch and loudness each through an MLP, a GRU, an MLP, two heads (Engel et al., DDSP, 2020)."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        super().__init__()
        self.pitch, self.loudness = _mlp(1), _mlp(1)
        self.gru = nn.GRU(2 * WIDTH, WIDTH, batch_first=True)
        self.output = _mlp(WIDTH + 2)
        self.harmonics = nn.Linear(WIDTH, n_harmonics + 1)
        self.noise = nn.Linear(WIDTH, n_bands)

    def forward(self, pitch: Tensor, loudness: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, 1, 1) each, state (1, 1, WIDTH) → amplitudes (K,), magnitudes (B,), state."""
        entering = torch.cat([self.pitch(pitch), self.loudness(loudness)], -1)
        remembered, state = self.gru(entering, state)
        leaving = self.output(torch.cat([remembered, pitch, loudness], -1))
        harmonics = 2.0 * torch.sigmoid(self.harmonics(leaving)) ** math.log(10.0) + 1e-7
        noise = 2.0 * torch.sigmoid(self.noise(leaving) - 5.0) ** math.log(10.0) + 1e-7
        shares = harmonics[0, 0, 1:]
        return harmonics[0, 0, 0] * shares / shares.sum(), noise[0, 0], state


class TorchReference:
    """Random weights, one thread, scripted; a block of HOP samples at a time, as ours."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self._decoder = torch.jit.script(_Decoder(n_harmonics, n_bands).eval())
        self._state = torch.zeros(1, 1, WIDTH)
        self._numbers = torch.arange(1, n_harmonics + 1)[:, None]
        self._phase = torch.zeros(())
        self._before = torch.zeros(n_harmonics)
        self._ramp = torch.arange(HOP) / HOP

    @torch.inference_mode()
    def render(self) -> Tensor:
        """(HOP,) samples at 440 Hz: a sine for each harmonic, amplitudes linear, and filtered noise."""
        amplitudes, noise, self._state = self._decoder(
            torch.full((1, 1, 1), 0.3), torch.full((1, 1, 1), -0.2), self._state
        )
        phase = self._phase + torch.cumsum(torch.full((HOP,), 2.0 * math.pi * 440.0 / SAMPLE_RATE), 0)
        self._phase = phase[-1] % (2.0 * math.pi)
        levels = self._before[:, None] + (amplitudes - self._before)[:, None] * self._ramp
        self._before = amplitudes
        tones: Tensor = (levels * torch.sin(self._numbers * phase)).sum(0)
        return tones + self._hiss(noise)

    def _hiss(self, magnitudes: Tensor) -> Tensor:
        """White noise times the magnitudes' impulse response, by FFT."""
        response = torch.fft.irfft(magnitudes.to(torch.complex64))
        response = torch.roll(response, len(response) // 2) * torch.hann_window(len(response))
        size = HOP + len(response)
        spectrum = torch.fft.rfft(response, size) * torch.fft.rfft(torch.rand(HOP) * 2.0 - 1.0, size)
        hiss: Tensor = torch.fft.irfft(spectrum, size)
        return hiss[:HOP]
