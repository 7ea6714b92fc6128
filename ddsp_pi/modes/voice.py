"""One DDSP voice: a decoder step per hop, samples between, gates on any sample."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.dsp.synthesis import Ends, HarmonicNoiseSynth
from ddsp_pi.frame import HOP
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.morph import MorphDecoder

Array = NDArray[np.float32]


class Request(msgspec.Struct, frozen=True):
    """What a voice is to play by the end of a block."""

    f0_hz: float
    loudness_db: float
    brightness_db: float = 0.0
    """Tilt of the harmonics in dB per octave, at equal loudness."""
    noise: float = 1.0
    """Gain of the noise against the trained balance."""
    timbre_gain: float = 1.0
    """The gate's gain that the timbre follows, as it will be a hop later."""
    morph: float = 0.0
    """Share of the second instrument, where there are two."""
    snap: int | None = None
    """Sample at which the pitch jumps instead of gliding: a new note begins there."""


class DdspVoice:
    """Decoder, harmonics and noise.

    The decoder is asked for a spectrum at unit loudness once per hop, and its answer is faded in
    over that hop. Pitch and level need no such delay: they follow within the block, and the
    gate's gain is applied sample by sample.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._ramp = np.arange(1.0, HOP + 1)
        self.decoder = decoder
        self._synth = HarmonicNoiseSynth(decoder.n_harmonics, decoder.n_bands)
        self._numbers = np.arange(1, decoder.n_harmonics + 1)
        self._last = np.zeros(decoder.n_harmonics, np.float32), np.zeros(decoder.n_bands, np.float32)
        self._next = np.zeros(decoder.n_harmonics, np.float32), np.zeros(decoder.n_bands, np.float32)
        self.reset()

    def reset(self) -> None:
        """Silence, phase zero, nothing remembered."""
        self.decoder.reset()
        self._synth.reset()
        for controls in (*self._last, *self._next):
            controls[...] = 0.0
        self._position = 0
        self._f0_hz: float | None = None
        self._level = 0.0

    @property
    def between_hops(self) -> bool:
        """Whether the next sample begins a hop."""
        return self._position == 0

    def follow(self, other: "DdspVoice") -> None:
        """Go on from where another voice is, between two hops; only the decoder knows of nothing."""
        self._synth.follow(other._synth)
        for controls, before in zip(self._next, other._next, strict=True):
            shared = min(len(controls), len(before))
            controls[:shared] = before[:shared]
        self._f0_hz, self._level = other._f0_hz, other._level

    def render(self, request: Request, gain: Array, out: Array) -> None:
        """Write n = len(out) samples, not beyond the end of the current hop.

        Args:
            request: what to reach by the end of the block.
            gain: (n,) the gate's gain of every sample.
            out: (n,) overwritten.
        """
        n, begin = len(out), self._position
        if begin == 0:
            self._step(request)
        harmonics, noise = self._between(0, begin, begin + n), self._between(1, begin, begin + n)
        self._synth.render(self._pitch(request, n), harmonics, noise, out)
        level = 10.0 ** (request.loudness_db / 20.0)
        out *= gain
        out *= level if level == self._level else self._ramped(self._level, level, n)
        self._level = level
        self._position = (begin + n) % HOP

    def _step(self, request: Request) -> None:
        if isinstance(self.decoder, MorphDecoder):
            self.decoder.morph = request.morph
        asked_db = request.loudness_db + 20.0 * math.log10(max(request.timbre_gain, 1e-6))
        # What is quieter than the decoder knows is played as the quietest and only turned down.
        timbre_db = max(asked_db, self.decoder.loudness_range_db.low)
        to_unit = 10.0 ** (-timbre_db / 20.0)
        harmonics, noise = self.decoder.step(request.f0_hz, timbre_db)
        self._last, self._next = self._next, self._last
        np.multiply(harmonics, np.float32(to_unit), out=self._next[0])
        np.multiply(noise, np.float32(to_unit * request.noise), out=self._next[1])
        if request.brightness_db:
            self._tilt(request)

    def _tilt(self, request: Request) -> None:
        harmonics = self._next[0]
        weights = a_weighting(request.f0_hz * self._numbers)
        tilted = harmonics * self._numbers ** (request.brightness_db / (20.0 * math.log10(2.0)))
        before, after = (float(((weights * a) ** 2).sum()) for a in (harmonics, tilted))
        harmonics[...] = tilted * np.sqrt(before / max(after, 1e-30))

    def _pitch(self, request: Request, n: int) -> NDArray[np.float64]:
        start = request.f0_hz if self._f0_hz is None else self._f0_hz
        pitch = self._ramped(start, request.f0_hz, n)
        if request.snap is not None:
            pitch[request.snap :] = request.f0_hz
        self._f0_hz = request.f0_hz
        return pitch

    def _ramped(self, start: float, end: float, n: int) -> NDArray[np.float64]:
        """A line of n samples that leaves `start` at once and arrives at `end` with the last."""
        ramp = self._ramp[:n] * ((end - start) / n)
        ramp += start
        return ramp

    def _between(self, index: int, begin: int, end: int) -> Ends:
        """Harmonics (0) or noise (1) at two places of the hop."""
        last, following = self._last[index], self._next[index]
        if end - begin == HOP:
            return last, following
        change = following - last
        return last + change * np.float32(begin / HOP), last + change * np.float32(end / HOP)
