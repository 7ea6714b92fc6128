"""The sinusoids of the training set, computed once.

In training f0 is data, so sin(2πkφ) are constants: synthesis is one batched product with the
amplitudes, and its gradient needs no sine. Stored as float16 (−66 dB, far below what the loss
sees) in a memory-mapped file that may be deleted at any time.
"""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ddsp_pi.dsp.harmonic import NYQUIST_HZ
from ddsp_pi.dsp.noise import noise_bank
from ddsp_pi.frame import HOP
from ddsp_pi.train.analysis import FLOOR, cycles_of
from ddsp_pi.train.features import Features


@dataclass(frozen=True, slots=True)
class Sines:
    """The sinusoids of a segment."""

    waves: Tensor
    """(hops, n, HOP)."""
    columns: Tensor
    """(n,) which harmonics they are of, rising."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the sinusoids of a recording lie."""

    begin: int
    hops: int
    columns: NDArray[np.int64]

    @property
    def end(self) -> int:
        return self.begin + self.hops * len(self.columns) * HOP


class SinusoidBasis:
    """(hops, audible, HOP) sines of each recording, in one file.

    Audible are harmonics that go below Nyquist somewhere and, of a second bank, only in recordings in
    which it was found.
    """

    def __init__(self, recordings: Sequence[Features], numbers: NDArray[np.float32], path: Path) -> None:
        """`numbers`: (n_harmonics,) the frequency of each over the pitch."""
        self._numbers, self._places = numbers, list[_Place]()
        for recording in recordings:
            begin = self._places[-1].end if self._places else 0
            self._places.append(_Place(begin, len(recording.f0_hz) - 1, _audible(recording, numbers)))
        size = self._places[-1].end
        if not (path.exists() and path.stat().st_size == 2 * size):
            self._write(recordings, size, path)
        # Copy-on-write, because torch wants memory that could be written to.
        self._table = np.memmap(path, np.float16, "c", shape=(size,))
        self._f0_hz = [recording.f0_hz for recording in recordings]

    def segment(self, recording: int, first_hop: int, hops: int) -> Sines:
        """A part of one recording: no more partials than fit below Nyquist."""
        place = self._places[recording]
        lowest_hz = float(self._f0_hz[recording][first_hop : first_hop + hops].min())
        inside = self._numbers[place.columns] * lowest_hz < NYQUIST_HZ
        waves = self._waves(self._table, place)[first_hop : first_hop + hops, inside]
        return Sines(torch.from_numpy(waves).float(), torch.from_numpy(place.columns[inside]))

    def _waves(self, table: NDArray[np.float16], place: _Place) -> NDArray[np.float16]:
        return table[place.begin : place.end].reshape(place.hops, len(place.columns), HOP)

    def _write(self, recordings: Sequence[Features], size: int, path: Path) -> None:
        # Machines of a team may share the folder, and each writes its own.
        unfinished = path.with_name(f"{path.name}.{platform.node()}.tmp")
        table = np.memmap(unfinished, np.float16, "w+", shape=(size,))
        for recording, place in zip(
            tqdm(recordings, desc="sinusoids", disable=None), self._places, strict=True
        ):
            cycles, waves = cycles_of(recording.f0_hz), self._waves(table, place)
            rows = {int(column): row for row, column in enumerate(place.columns)}
            for column, sine in enumerate(_sines(cycles, self._numbers)):
                if column in rows:
                    waves[:, rows[column]] = sine.reshape(-1, HOP)
        table.flush()
        unfinished.replace(path)


def _sines(cycles: NDArray[np.float64], numbers: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """(samples,) of each harmonic in turn, as powers of the first of its bank."""
    phasor = power = np.ones(len(cycles), np.complex64)
    for number, before in zip(numbers, [np.inf, *numbers], strict=False):
        if number < before:
            phasor = np.exp(2j * np.pi * (float(number) * cycles % 1.0)).astype(np.complex64)
            power = np.ones_like(phasor)
        power = power * phasor
        yield power.imag


def _audible(recording: Features, numbers: NDArray[np.float32]) -> NDArray[np.int64]:
    below = numbers * recording.f0_hz.min() < NYQUIST_HZ
    first_bank = np.logical_and.accumulate(np.diff(numbers, prepend=0.0) > 0.0)
    found = (recording.harmonics > FLOOR).any(axis=0)
    return np.flatnonzero(below & (first_bank | found))


class Synthesizer:
    """Differentiable twin of the runtime's harmonic bank and filtered noise."""

    def __init__(self, n_bands: int) -> None:
        self._bank = torch.from_numpy(noise_bank(n_bands))
        self._ramp = torch.arange(HOP) / HOP

    def get_signal(
        self, harmonics: Tensor, noise: Tensor, sines: Sequence[Sines], noise_place: int
    ) -> Tensor:
        """Controls → audio.

        Args:
            harmonics: (batch, hops + 1, n_harmonics), noise: (batch, hops + 1, n_bands).
            sines: of each item; harmonics that have none are silent, and sines beyond the harmonics
                are ignored.
            noise_place: hop of the noise bank to begin at.

        Returns:
            (batch, hops · HOP) samples.
        """
        batch, frames, _ = harmonics.shape
        hops = frames - 1
        tones = torch.stack([_tones(*item) for item in zip(_ends(harmonics), sines, strict=True)])
        bank = self._bank[(torch.arange(hops) + noise_place) % len(self._bank)]
        ends = _ends(noise).permute(1, 0, 2, 3).reshape(hops, batch * 2, -1)
        hiss = torch.bmm(ends, bank).reshape(hops, batch, 2, HOP).permute(1, 0, 2, 3)
        both = tones + hiss
        return (both[:, :, 0] * (1.0 - self._ramp) + both[:, :, 1] * self._ramp).reshape(batch, hops * HOP)


def _tones(ends: Tensor, sines: Sines) -> Tensor:
    """(hops, 2, n_harmonics) amplitudes → (hops, 2, HOP)."""
    n = int((sines.columns < ends.shape[-1]).sum())
    if n and int(sines.columns[n - 1]) == n - 1:
        # All of the first so many, as with one bank: a view costs less than picking them.
        return ends[..., :n] @ sines.waves[:, :n]
    return ends[..., sines.columns[:n]] @ sines.waves[:, :n]


def _ends(controls: Tensor) -> Tensor:
    """(batch, hops + 1, n) → (batch, hops, 2, n): the values at both ends of every hop."""
    return torch.stack([controls[:, :-1], controls[:, 1:]], dim=2)
