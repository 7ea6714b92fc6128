"""Envelopes, harmonics and noise for a number of voices: controls in, signal out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.noise import FilteredNoise
from ddsp_pi.dsp.ramp import levelled_ramps
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

    def turn_to(self, voice: int, turns: float) -> None:
        """A voice that is silent goes on at this phase of its fundamental, 0..1."""

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
        self._most = self._most_before = n_harmonics
        controls = self.controls
        self._f0_hz, self._level = cells(controls.f0_hz), cells(controls.level)
        self._unit, self._knobs = cells(controls.unit), cells(controls.knobs)
        units = np.ones((2, voices, 1), np.float32)
        self._unit_cells = cells(units)
        # Begin of the hop, its end, and what becomes that: views taken once, since each costs like a sum.
        self._spectra = [
            (*ends, asked, unit)
            for ends, asked, unit in zip(
                (controls.harmonics, controls.noise), controls.asked, units, strict=True
            )
        ]
        self._levels = np.zeros(2, np.float32)
        self._level_cells = cells(self._levels)
        self._weights = np.empty((2, HOP), np.float32)
        self._flat_weights = self._weights.reshape(-1)
        self._ends = [(controls.harmonics[:, voice], controls.noise[:, voice]) for voice in range(voices)]
        weighted = np.zeros((voices, 2, HOP), np.float32)
        self._weighted = list(weighted)
        self._stacks = [weighted[:sounding].reshape(-1, HOP) for sounding in range(voices + 1)]
        self._gain, self._out = np.zeros((2, HOP), np.float32)

    def reset(self) -> None:
        """See Synth."""
        for harmonics, noise in zip(self._harmonics, self._noises, strict=True):
            harmonics.reset()
            noise.reset()
        silence(self.controls)

    def turn_to(self, voice: int, turns: float) -> None:
        """See Synth."""
        self._harmonics[voice].turn_to(turns)

    def follow(self, other: Synth) -> None:
        """See Synth."""
        assert isinstance(other, NumpySynth)
        for mine, theirs in zip(self._harmonics, other._harmonics, strict=True):
            mine.follow(theirs)
        for noise, before in zip(self._noises, other._noises, strict=True):
            noise.follow(before)
        follow_controls(self.controls, other.controls)
        self._most = self.controls.n_harmonics

    def begin_hop(self) -> None:
        """See Synth."""
        controls = self.controls
        for voice in range(controls.voices):
            unit = self._unit[voice]
            self._unit_cells[0, voice, 0] = unit
            self._unit_cells[1, voice, 0] = unit * self._knobs[NOISE_GAIN]
        self._most_before, self._most = self._most, int(self._knobs[PARTIALS])
        for begin, end, asked, units in self._spectra:
            np.copyto(begin, end)
            np.multiply(asked, units, end)
        if self._knobs[TILTED]:
            _tilt(controls.harmonics[1], controls.f0_hz[1], controls.tilt)
        if self._most < controls.n_harmonics:
            controls.harmonics[1, :, self._most :] = 0.0

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """See Synth."""
        sounding = 0
        for voice in range(self.controls.voices):
            sounding += self._play(voice, begin, n, self._weighted[sounding])
        np.add.reduce(self._stacks[sounding], axis=0, out=self._out)
        return self._out if n == HOP else self._out[:n]

    def _play(self, voice: int, begin: int, n: int, out: NDArray[np.float32]) -> bool:
        """Write (2, HOP) the parts of start and end, n samples of both; False if the voice is silent."""
        harmonics, noise, share = self._harmonics[voice], self._noises[voice], n / (HOP - begin)
        f0_hz, level = _move(self._f0_hz, voice, share), _move(self._level, voice, share)
        gain = self.controls.envelopes.steady(voice)
        if gain == 0.0:
            harmonics.skip(f0_hz, n)
            noise.skip(n)
            return False
        amplitudes, magnitudes = self._ends[voice]
        most = max(self._most, self._most_before)
        partials = harmonics.parts(f0_hz, _between(amplitudes, begin, n), n, most)
        np.add(partials, noise.parts(_between(magnitudes, begin, n), n), out)
        np.multiply(out, self._weigh(voice, level, gain, n), out)
        return True

    def _weigh(
        self, voice: int, level: tuple[float, float], gain: float | None, n: int
    ) -> NDArray[np.float32]:
        """(2, HOP) weights of the parts of start and end: ramps, level and envelope."""
        steady = 1.0 if gain is None else gain
        self._level_cells[0], self._level_cells[1] = level[0] * steady, level[1] * steady
        self._levels.dot(levelled_ramps(n), self._flat_weights)
        if gain is None:
            self.controls.envelopes.render(voice, self._gain[:n])
            self._weights *= self._gain
        return self._weights


def _move(ends: "memoryview[float]", voice: int, share: float) -> tuple[float, float]:
    """Go a share of the way to where one is to be at the end of the hop: from where, and to where."""
    now, target = ends[0, voice], ends[1, voice]
    ends[0, voice] = reached = target if share == 1.0 else now + share * (target - now)
    return now, reached


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


def begin_now(controls: Controls, voice: int) -> None:
    """What a voice is asked for at the end of the hop is there from the next sample on, and until then.

    For a voice that is silent: its spectrum, pitch and level jump.
    """
    one, gain = slice(voice, voice + 1), controls.unit[voice]
    gains = gain, gain * controls.knobs[NOISE_GAIN]
    for moving in (controls.f0_hz, controls.level):
        moving[0, voice] = moving[1, voice]
    harmonics, noise = controls.harmonics[:, one], controls.noise[:, one]
    for ends, asked, gain in zip((harmonics, noise), controls.asked, gains, strict=True):
        ends[1] = asked[one] * np.float32(gain)
    if controls.knobs[TILTED]:
        _tilt(harmonics[1], controls.f0_hz[1, one], controls.tilt)
    harmonics[1, :, int(controls.knobs[PARTIALS]) :] = 0.0
    for ends in (harmonics, noise):
        ends[0] = ends[1]


def _tilt(harmonics: NDArray[np.float32], f0_hz: NDArray[np.float64], tilt: NDArray[np.float32]) -> None:
    """Tilt (V, K) harmonics of (V,) pitches at equal loudness, in place."""
    weights = a_weighting(f0_hz[:, None] * np.arange(1, harmonics.shape[1] + 1))
    tilted = harmonics * tilt
    before, after = (((weights * a) ** 2).sum(axis=1) for a in (harmonics, tilted))
    harmonics[...] = tilted * np.sqrt(before / np.maximum(after, 1e-30))[:, None]


def _between(ends: NDArray[np.float32], begin: int, n: int) -> NDArray[np.float32]:
    """(2, …) values at two places of a hop whose ends are known."""
    if n == HOP:
        return ends
    places = np.array([[begin / HOP], [(begin + n) / HOP]], np.float32)
    return np.asarray(ends[0] + places * (ends[1] - ends[0]))
