"""What ours is compared with: the usual decoder at full width, in torch, with a sum of sines."""

import math

import torch
from torch import Tensor, nn

from ddsp_pi.frame import HOP, SAMPLE_RATE

WIDTH = 512

IN_WORDS = "512-wide decoder and sine sum in torch, scripted, one thread"

F0_HZ = 440.0


def _mlp(inputs: int) -> nn.Sequential:
    """Three layers, each normalised and bent."""
    layers: list[nn.Module] = []
    for size in (inputs, WIDTH, WIDTH):
        layers += [nn.Linear(size, WIDTH), nn.LayerNorm(WIDTH), nn.LeakyReLU()]
    return nn.Sequential(*layers)


class _Decoder(nn.Module):
    """Pitch and loudness, each through an MLP; a GRU, another MLP, two heads (Engel et al., DDSP, ICLR 2020).

    Pitch and loudness share the weights of one MLP, as in the implementation of this network that is
    played live most, ACIDS' ddsp_pytorch; that spares the caches two megabytes.
    """

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        super().__init__()
        self.entering, self.leaving = _mlp(1), _mlp(WIDTH + 2)
        self.gru = nn.GRU(2 * WIDTH, WIDTH, batch_first=True)
        self.harmonics = nn.Linear(WIDTH, n_harmonics + 1)
        self.noise = nn.Linear(WIDTH, n_bands)
        self.exponent = math.log(10.0)

    def forward(self, pitch: Tensor, loudness: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, 1, 1) each, state (1, 1, WIDTH) → amplitudes (K,), magnitudes (B,), state."""
        inputs = torch.cat([self.entering(pitch), self.entering(loudness)], -1)
        remembered, state = self.gru(inputs, state)
        hidden = self.leaving(torch.cat([remembered, pitch, loudness], -1))
        harmonics = 2.0 * torch.sigmoid(self.harmonics(hidden)) ** self.exponent + 1e-7
        noise = 2.0 * torch.sigmoid(self.noise(hidden) - 5.0) ** self.exponent + 1e-7
        shares = harmonics[0, 0, 1:]
        return harmonics[0, 0, 0] * shares / shares.sum(), noise[0, 0], state


class _Synth(nn.Module):
    """A sine for each harmonic, amplitudes linear in the block, and white noise filtered by FFT."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        super().__init__()
        self.hop, self.turn = HOP, 2.0 * math.pi
        self.size = HOP + 2 * n_bands - 2
        self.numbers = nn.Buffer(torch.arange(1.0, n_harmonics + 1.0)[:, None])
        self.ramp = nn.Buffer(torch.arange(HOP) / HOP)
        self.window = nn.Buffer(torch.hann_window(2 * n_bands - 2))
        self.step = nn.Buffer(torch.full((HOP,), 2.0 * math.pi * F0_HZ / SAMPLE_RATE))

    def forward(
        self, before: Tensor, amplitudes: Tensor, magnitudes: Tensor, phase: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Amplitudes (K,) at begin and end, magnitudes (B,), phase () → samples (HOP,), phase."""
        phases = phase + torch.cumsum(self.step, 0)
        levels = before[:, None] + (amplitudes - before)[:, None] * self.ramp
        tones = (levels * torch.sin(self.numbers * phases)).sum(0)
        response = torch.fft.irfft(torch.complex(magnitudes, torch.zeros_like(magnitudes)))
        response = torch.roll(response, len(response) // 2) * self.window
        white = torch.rand(self.hop) * 2.0 - 1.0
        spectrum = torch.fft.rfft(response, self.size) * torch.fft.rfft(white, self.size)
        hiss = torch.fft.irfft(spectrum, self.size)[: self.hop]
        return tones + hiss, phases[-1] % self.turn


class TorchReference:
    """Random weights, one thread, scripted and frozen; a block of HOP samples at a time, as ours."""

    def __init__(self, n_harmonics: int, n_bands: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        decoder = _Decoder(n_harmonics, n_bands)
        self.n_weights = sum(weight.numel() for weight in decoder.parameters())
        self._decoder = _scripted(decoder)
        self._synth = _scripted(_Synth(n_harmonics, n_bands))
        self._pitch, self._loudness = torch.full((2, 1, 1, 1), 0.3)
        self._state = torch.zeros(1, 1, WIDTH)
        self._phase, self._before = torch.zeros(()), torch.zeros(n_harmonics)

    @torch.inference_mode()
    def render(self) -> Tensor:
        """(HOP,) samples at F0_HZ."""
        amplitudes, magnitudes, self._state = self._decoder(self._pitch, self._loudness, self._state)
        samples: Tensor
        samples, self._phase = self._synth(self._before, amplitudes, magnitudes, self._phase)
        self._before = amplitudes
        return samples


def _scripted(module: nn.Module) -> nn.Module:
    """Compiled, with its weights as constants: the fastest that torch.jit has."""
    frozen: nn.Module = torch.jit.freeze(torch.jit.script(module.eval()))
    return frozen
