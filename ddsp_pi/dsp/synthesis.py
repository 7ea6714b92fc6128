"""Envelopes, harmonics and noise for a number of voices: controls in, signal out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import FilteredNoise
from ddsp_pi.dsp.ramp import Ramp
from ddsp_pi.frame import HOP

NOISE_GAIN, PARTIALS, TILTED = range(3)
"""Columns of the knobs."""


class Controls:
    """What a synthesizer of V voices reads: buffers that stay where they are, for whoever fills them.

    Of a pair, index 1 is to be reached at the end of the hop, where the next one begins. Index 0 of
    pitch and level is where they are now, index 0 of harmonics and noise where the hop began.
    """

    def __init__(self, voices: int, n_harmonics: int, n_bands: int) -> None:
        self.voices, self.n_harmonics, self.n_bands = voices, n_harmonics, n_bands
        self.f0_hz = np.full((2, voices), 440.0)
        """(2, V) Hz."""
        self.level = np.zeros((2, voices))
        """(2, V) linear gain."""
        self.harmonics = np.zeros((2, voices, n_harmonics), np.float32)
        """(2, V, K) peak amplitudes at level 1."""
        self.noise = np.zeros((2, voices, n_bands), np.float32)
        """(2, V, B) band magnitudes at level 1."""
        self.asked = np.zeros((voices, n_harmonics), np.float32), np.zeros((voices, n_bands), np.float32)
        """(V, K), (V, B) what the decoder answers, for `begin_hop` to take."""
        self.unit = np.ones(voices)
        """(V,) what brings the answer to level 1."""
        self.knobs = np.array([1.0, n_harmonics, 0.0])
        """Gain of the noise; most harmonics that are played; whether `tilt` counts."""
        self.tilt = np.ones(n_harmonics, np.float32)
        """(K,) gains of the harmonics, applied at equal loudness."""
        self.envelopes = Envelopes(voices)


class Synth(Protocol):
    """Plays its controls, piece by piece; no piece goes beyond the end of its hop."""

    controls: Controls

    def begin_hop(self) -> None:
        """Where the last hop led, the next begins; take what is asked for at its end."""

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """(n,) samples of the hop from `begin` on, all voices summed; valid until the next call."""

    def reset(self) -> None:
        """Start again from phase zero and the first noise, gates closed, levels and spectra at zero."""

    def follow(self, other: "Synth") -> None:
        """Go on where another one of the same kind and as many voices is, between two hops.

        Both then sound together without beating, whatever the number of their harmonics.
        """


class NumpySynth:
    """A harmonic bank and a filtered noise for each voice."""

    def __init__(self, voices: int, n_harmonics: int, n_bands: int) -> None:
        self.controls = Controls(voices, n_harmonics, n_bands)
        self._harmonics = [HarmonicBank(n_harmonics) for _ in range(voices)]
        self._noises = [FilteredNoise(n_bands, seed=voice) for voice in range(voices)]
        self._numbers = np.arange(1, n_harmonics + 1)
        self._mixer = Ramp(HOP)
        self._steps = np.arange(HOP, dtype=np.float64)
        self._voice, self._out, self._gain = np.empty((3, HOP), np.float32)

    def reset(self) -> None:
        """See Synth."""
        for harmonics, noise in zip(self._harmonics, self._noises, strict=True):
            harmonics.reset()
            noise.reset()
        silence(self.controls)

    def follow(self, other: Synth) -> None:
        """See Synth."""
        assert isinstance(other, NumpySynth)
        for mine, theirs in zip(self._harmonics, other._harmonics, strict=True):
            mine.follow(theirs)
        for noise, before in zip(self._noises, other._noises, strict=True):
            noise.follow(before)
        follow_controls(self.controls, other.controls)

    def begin_hop(self) -> None:
        """See Synth."""
        controls, (harmonics, noise) = self.controls, self.controls.asked
        unit, most = controls.unit[:, None].astype(np.float32), int(controls.knobs[PARTIALS])
        controls.harmonics[0], controls.noise[0] = controls.harmonics[1], controls.noise[1]
        np.multiply(harmonics, unit, out=controls.harmonics[1])
        np.multiply(noise, unit * np.float32(controls.knobs[NOISE_GAIN]), out=controls.noise[1])
        if controls.knobs[TILTED]:
            self._tilt(controls.harmonics[1])
        if most < controls.n_harmonics:
            controls.harmonics[1, :, most:] = 0.0

    def _tilt(self, harmonics: NDArray[np.float32]) -> None:
        weights = a_weighting(self.controls.f0_hz[1][:, None] * self._numbers)
        tilted = harmonics * self.controls.tilt
        before, after = (((weights * a) ** 2).sum(axis=1) for a in (harmonics, tilted))
        harmonics[...] = tilted * np.sqrt(before / np.maximum(after, 1e-30))[:, None]

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """See Synth."""
        out, controls = self._out[:n], self.controls
        share = n / (HOP - begin)
        out[:] = 0.0
        for voice in range(controls.voices):
            pitch = self._move(controls.f0_hz[:, voice], share, n)
            level = self._move(controls.level[:, voice], share, n)
            self._add(voice, begin, pitch, level, out)
        return out

    def _move(self, ends: NDArray[np.float64], share: float, n: int) -> NDArray[np.float64]:
        """(n,) values from where one is, on its way to where it is to be at the end of the hop."""
        now, target = float(ends[0]), float(ends[1])
        reached = now + share * (target - now)
        line = self._steps[:n] * ((reached - now) / n)
        line += now
        ends[0] = target if share == 1.0 else reached
        return line

    def _add(
        self,
        voice: int,
        begin: int,
        pitch: NDArray[np.float64],
        level: NDArray[np.float64],
        out: NDArray[np.float32],
    ) -> None:
        controls, n = self.controls, len(out)
        gain, sound = self._gain[:n], self._voice[:n]
        controls.envelopes.render(voice, gain)
        if not gain.any():
            self._harmonics[voice].skip(pitch)
            self._noises[voice].skip(n)
            return
        parts = self._harmonics[voice].parts(pitch, *_between(controls.harmonics[:, voice], begin, n))
        parts += self._noises[voice].parts(n, *_between(controls.noise[:, voice], begin, n))
        self._mixer.mix(parts, sound)
        sound *= gain
        sound *= level
        out += sound


def silence(controls: Controls) -> None:
    """Gates closed, levels and spectra at zero."""
    controls.envelopes.reset()
    controls.f0_hz[:] = 440.0
    for control in (controls.level, controls.harmonics, controls.noise):
        control[...] = 0.0


def follow_controls(mine: Controls, before: Controls) -> None:
    """Take over where other controls are at the end of a hop, but not what they ask for."""
    mine.f0_hz[:], mine.level[:] = before.f0_hz, before.level
    mine.envelopes.follow(before.envelopes)
    for ends, ends_before in ((mine.harmonics, before.harmonics), (mine.noise, before.noise)):
        shared = min(ends.shape[2], ends_before.shape[2])
        ends[1, :, :shared] = ends_before[1, :, :shared]


def _between(ends: NDArray[np.float32], begin: int, n: int) -> NDArray[np.float32]:
    """(2, …) values at two places of a hop whose ends are known."""
    if n == HOP:
        return ends
    places = np.array([[begin / HOP], [(begin + n) / HOP]], np.float32)
    return np.asarray(ends[0] + places * (ends[1] - ends[0]))
