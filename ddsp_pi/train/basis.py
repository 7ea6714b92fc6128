"""The sinusoids of the training set, computed once.

In training f0 is data, so sin(2πkφ) are constants: synthesis is one batched product with the
amplitudes, and its gradient needs no sine. Stored as float16 (−66 dB, far below what the loss
sees) in a memory-mapped file that may be deleted at any time.
"""

import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ddsp_pi.dsp.harmonic import NYQUIST_HZ
from ddsp_pi.dsp.noise import noise_bank
from ddsp_pi.frame import HOP
from ddsp_pi.train.analysis import cycles_of
from ddsp_pi.train.features import Features


class SinusoidBasis:
    """(hops, n_harmonics, HOP) sines of each recording, in one file."""

    def __init__(self, recordings: Sequence[Features], n_harmonics: int, path: Path) -> None:
        hops = [len(recording.f0_hz) - 1 for recording in recordings]
        self._starts = np.concatenate([[0], np.cumsum(hops)])
        shape = (int(self._starts[-1]), n_harmonics, HOP)
        size = int(np.prod(shape)) * 2
        if not (path.exists() and path.stat().st_size == size):
            self._write(recordings, shape, path)
        # Copy-on-write, because torch wants memory that could be written to.
        self._table = np.memmap(path, np.float16, "c", shape=shape)
        self._f0_hz = np.concatenate([recording.f0_hz[:-1] for recording in recordings])

    def segment(self, recording: int, first_hop: int, hops: int) -> NDArray[np.float16]:
        """(hops, audible, HOP) of one recording: no more partials than fit below Nyquist."""
        start = int(self._starts[recording]) + first_hop
        lowest_hz = float(self._f0_hz[start : start + hops].min())
        audible = min(self._table.shape[1], int(NYQUIST_HZ / lowest_hz))
        return self._table[start : start + hops, :audible]

    def _write(self, recordings: Sequence[Features], shape: tuple[int, int, int], path: Path) -> None:
        # Machines of a team may share the folder, and each writes its own.
        unfinished = path.with_name(f"{path.name}.{platform.node()}.tmp")
        table = np.memmap(unfinished, np.float16, "w+", shape=shape)
        for recording, start in zip(
            tqdm(recordings, desc="sinusoids", disable=None), self._starts, strict=False
        ):
            phasor = np.exp(2j * np.pi * (cycles_of(recording.f0_hz) % 1.0)).astype(np.complex64)
            power = np.ones_like(phasor)
            for k in range(shape[1]):
                power *= phasor
                table[start : start + len(phasor) // HOP, k] = power.imag.reshape(-1, HOP)
        table.flush()
        unfinished.replace(path)


class Synthesizer:
    """Differentiable twin of the runtime's harmonic bank and filtered noise."""

    def __init__(self, n_bands: int) -> None:
        self._bank = torch.from_numpy(noise_bank(n_bands))
        self._ramp = torch.arange(HOP) / HOP

    def get_signal(
        self, harmonics: Tensor, noise: Tensor, sines: Sequence[Tensor], noise_place: int
    ) -> Tensor:
        """Controls → audio.

        Args:
            harmonics: (batch, hops + 1, n_harmonics), noise: (batch, hops + 1, n_bands).
            sines: of each item (hops, audible, HOP); harmonics beyond the audible ones are
                ignored, as are sines beyond the harmonics.
            noise_place: hop of the noise bank to begin at.

        Returns:
            (batch, hops · HOP) samples.
        """
        batch, frames, _ = harmonics.shape
        hops = frames - 1
        tones = torch.stack(
            [
                ends[..., : wave.shape[1]] @ wave[:, : ends.shape[-1]]
                for ends, wave in zip(_ends(harmonics), sines, strict=True)
            ]
        )
        bank = self._bank[(torch.arange(hops) + noise_place) % len(self._bank)]
        ends = _ends(noise).permute(1, 0, 2, 3).reshape(hops, batch * 2, -1)
        hiss = torch.bmm(ends, bank).reshape(hops, batch, 2, HOP).permute(1, 0, 2, 3)
        both = tones + hiss
        return (both[:, :, 0] * (1.0 - self._ramp) + both[:, :, 1] * self._ramp).reshape(batch, hops * HOP)


def _ends(controls: Tensor) -> Tensor:
    """(batch, hops + 1, n) → (batch, hops, 2, n): the values at both ends of every hop."""
    return torch.stack([controls[:, :-1], controls[:, 1:]], dim=2)
