"""DDSP voices: a decoder step per hop for all of them, samples between, gates on any sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.loudness import a_weighting
from ddsp_pi.frame import HOP
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.morph import MorphDecoder

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]

OCTAVE_DB = 20.0 * np.log10(2.0)


@dataclass(slots=True)
class Request:
    """What V voices are to reach by the end of a hop."""

    f0_hz: Doubles
    """(V,)"""
    loudness_db: Doubles
    """(V,)"""
    timbre_gain: Doubles
    """(V,) The gate's gain that the timbre follows, as it will be a hop later."""
    brightness_db: float = 0.0
    """Tilt of the harmonics in dB per octave, at equal loudness."""
    noise: float = 1.0
    """Gain of the noise against the trained balance."""
    morph: float = 0.0
    """Share of the second instrument, where there are two."""


class DdspVoices:
    """Decoder, harmonics and noise of V voices.

    The decoder is asked for spectra at unit loudness once per hop, and its answer is faded in
    over that hop. Pitch and level need no such delay: they follow within the hop, and the
    gate's gain is applied sample by sample.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.partials: int | None = None
        """The most harmonics that are played; None: all of them."""
        self._synth = make_synth(decoder.voices, decoder.n_harmonics, decoder.n_bands)
        self._controls = self._synth.controls
        self._numbers = np.arange(1, decoder.n_harmonics + 1)
        self._f0_hz, self._level = np.zeros((2, decoder.voices))
        self._begun = False

    def reset(self) -> None:
        """Silence, phase zero, nothing remembered."""
        self.decoder.reset()
        self._synth.reset()
        self._begun = False

    def follow(self, other: "DdspVoices") -> None:
        """Go on from where other voices are, between two hops; only the decoder knows of nothing."""
        self._synth.follow(other._synth)
        mine, before = self._controls, other._controls
        mine.f0_hz[0], mine.level[0] = before.f0_hz[0], before.level[0]
        for ends, ends_before in ((mine.harmonics, before.harmonics), (mine.noise, before.noise)):
            shared = min(ends.shape[2], ends_before.shape[2])
            ends[1, :, :shared] = ends_before[1, :, :shared]
        self._begun = other._begun

    def begin_hop(self, request: Request) -> None:
        """Ask the decoder what the next hop is to sound like."""
        controls = self._controls
        if isinstance(self.decoder, MorphDecoder):
            self.decoder.morph = request.morph
        asked_db = request.loudness_db + 20.0 * np.log10(np.maximum(request.timbre_gain, 1e-6))
        # What is quieter than the decoder knows is played as the quietest and only turned down.
        timbre_db = np.maximum(asked_db, self.decoder.loudness_range_db.low)
        to_unit = (10.0 ** (timbre_db / -20.0)).astype(np.float32)[:, None]
        harmonics, noise = self.decoder.step(request.f0_hz, timbre_db)
        controls.harmonics[0], controls.noise[0] = controls.harmonics[1], controls.noise[1]
        np.multiply(harmonics, to_unit, out=controls.harmonics[1])
        np.multiply(noise, to_unit * np.float32(request.noise), out=controls.noise[1])
        if request.brightness_db:
            self._tilt(request)
        if self.partials is not None:
            controls.harmonics[1, :, self.partials :] = 0.0
        self._f0_hz[:] = request.f0_hz
        self._level[:] = 10.0 ** (request.loudness_db / 20.0)
        if not self._begun:
            controls.f0_hz[0], self._begun = self._f0_hz, True

    def jump(self, voice: int, f0_hz: float | None = None, loudness_db: float | None = None) -> None:
        """A note begins with the next sample: what is given is there at once, and stays until the next hop.

        Give a loudness only while the voice is silent: a level that jumps clicks.
        """
        if f0_hz is not None:
            self._controls.f0_hz[0, voice] = self._f0_hz[voice] = f0_hz
        if loudness_db is not None:
            self._controls.level[0, voice] = self._level[voice] = 10.0 ** (loudness_db / 20.0)

    def render(self, begin: int, gain: Array) -> Array:
        """(n,) samples of the hop from `begin` on, valid until the next call; gain (V, n) is the gates'."""
        controls, n = self._controls, gain.shape[1]
        share = n / (HOP - begin)
        controls.gain[:, :n] = gain
        for ends, target in ((controls.f0_hz, self._f0_hz), (controls.level, self._level)):
            ends[1] = target if share == 1.0 else ends[0] + share * (target - ends[0])
        sound = self._synth.render(begin, n)
        controls.f0_hz[0], controls.level[0] = controls.f0_hz[1], controls.level[1]
        return sound

    def _tilt(self, request: Request) -> None:
        harmonics = self._controls.harmonics[1]
        weights = a_weighting(request.f0_hz[:, None] * self._numbers)
        tilted = harmonics * self._numbers ** (request.brightness_db / OCTAVE_DB)
        before, after = (((weights * a) ** 2).sum(axis=1) for a in (harmonics, tilted))
        harmonics[...] = tilted * np.sqrt(before / np.maximum(after, 1e-30))[:, None]
