"""Harmonics plus noise for a number of voices: controls in, signal out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.dsp.noise import FilteredNoise
from ddsp_pi.dsp.ramp import Ramp
from ddsp_pi.frame import HOP


class Controls:
    """What a synthesizer of V voices reads: buffers that stay where they are, for whoever fills them.

    Index 0 of `f0_hz` and `level` is the value at the first sample of a piece, 1 that of the sample
    behind its last one. Index 0 of `harmonics` and `noise` belongs to the start of the hop, 1 to its end.
    """

    def __init__(self, voices: int, n_harmonics: int, n_bands: int) -> None:
        self.voices, self.n_harmonics, self.n_bands = voices, n_harmonics, n_bands
        self.f0_hz = np.full((2, voices), 440.0)
        """(2, V) Hz."""
        self.level = np.zeros((2, voices), np.float32)
        """(2, V) linear gain."""
        self.harmonics = np.zeros((2, voices, n_harmonics), np.float32)
        """(2, V, K) peak amplitudes."""
        self.noise = np.zeros((2, voices, n_bands), np.float32)
        """(2, V, B) band magnitudes."""
        self.gain = np.zeros((voices, HOP), np.float32)
        """(V, HOP) the gate's gain; the first n of a row count. A voice whose gains are all 0 is skipped."""


class Synth(Protocol):
    """Plays its controls, piece by piece; no piece goes beyond the end of its hop."""

    controls: Controls

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """(n,) samples of the hop from `begin` on, all voices summed; valid until the next call."""

    def reset(self) -> None:
        """Start again from phase zero and the first noise; controls at zero."""

    def follow(self, other: "Synth") -> None:
        """Go on where another one of the same kind is, so that both sound together without beating."""


class NumpySynth:
    """A harmonic bank and a filtered noise for each voice."""

    def __init__(self, voices: int, n_harmonics: int, n_bands: int) -> None:
        self.controls = Controls(voices, n_harmonics, n_bands)
        self._harmonics = [HarmonicBank(n_harmonics) for _ in range(voices)]
        self._noises = [FilteredNoise(n_bands, seed=voice) for voice in range(voices)]
        self._mixer = Ramp(HOP)
        self._steps = np.arange(HOP, dtype=np.float64)
        self._voice, self._out = np.empty((2, HOP), np.float32)

    def reset(self) -> None:
        """See Synth."""
        for harmonics, noise in zip(self._harmonics, self._noises, strict=True):
            harmonics.reset()
            noise.reset()
        for control in (self.controls.level, self.controls.harmonics, self.controls.noise):
            control[...] = 0.0

    def follow(self, other: Synth) -> None:
        """See Synth."""
        assert isinstance(other, NumpySynth)
        for mine, theirs in zip(self._harmonics, other._harmonics, strict=True):
            mine.follow(theirs)
        for noise, before in zip(self._noises, other._noises, strict=True):
            noise.follow(before)

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """See Synth."""
        out = self._out[:n]
        out[:] = 0.0
        for voice in range(self.controls.voices):
            self._add(voice, begin, n, out)
        return out

    def _add(self, voice: int, begin: int, n: int, out: NDArray[np.float32]) -> None:
        controls, gain = self.controls, self.controls.gain[voice, :n]
        pitch = _line(controls.f0_hz[:, voice], self._steps[:n])
        if not gain.any():
            self._harmonics[voice].skip(pitch)
            self._noises[voice].skip(n)
            return
        parts = self._harmonics[voice].parts(pitch, *_between(controls.harmonics[:, voice], begin, n))
        parts += self._noises[voice].parts(n, *_between(controls.noise[:, voice], begin, n))
        sound = self._voice[:n]
        self._mixer.mix(parts, sound)
        level = controls.level[:, voice]
        sound *= gain
        sound *= level[0] if level[0] == level[1] else _line(level, self._steps[:n])
        out += sound


def _line(ends: NDArray[np.floating], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """n samples from the first of two ends to where the next one would be the second."""
    start, end = float(ends[0]), float(ends[1])
    ramp = steps * ((end - start) / len(steps))
    ramp += start
    return ramp


def _between(ends: NDArray[np.float32], begin: int, n: int) -> NDArray[np.float32]:
    """(2, …) values at two places of a hop whose ends are known."""
    if n == HOP:
        return ends
    places = np.array([[begin / HOP], [(begin + n) / HOP]], np.float32)
    return np.asarray(ends[0] + places * (ends[1] - ends[0]))
