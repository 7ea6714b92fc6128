"""DDSP voices: a decoder step per hop for all of them, samples between, gates on any sample."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.dsp.synthesis import NOISE_GAIN, PARTIALS, TILTED, begin_now
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.morph import MorphDecoder
from ddsp_pi.modes.banks import BankedDecoder

Array = NDArray[np.float32]

OCTAVE_DB = 20.0 * math.log10(2.0)


class Request:
    """What V voices are to reach by the end of a hop; filled anew for each."""

    def __init__(self, voices: int) -> None:
        self.f0_hz = [440.0] * voices
        self.loudness_db = [-20.0] * voices
        self.timbre_gain = [1.0] * voices
        """The gate's gain that the timbre follows, as it will be a hop later."""
        self.brightness_db = 0.0
        """Tilt of the harmonics in dB per octave, at equal loudness."""
        self.noise = 1.0
        """Gain of the noise against the trained balance."""
        self.morph = 0.0
        """Share of the second instrument, where there are two."""


class DdspVoices:
    """Decoder, envelopes, harmonics and noise of V voices.

    The decoder is asked for spectra at unit loudness once per hop, and its answer is faded in
    over that hop. Pitch and level need no such delay: they follow within the hop, and the
    gate's gain is applied sample by sample.

    A silent voice goes on asking, for the quietest there is, and nothing is ever forgotten: a note
    after a rest then begins as the network has learned, and a voice that is taken plays a legato.
    A network that forgot would begin it less alike than after a rest at quite another pitch.

    What is done here once per hop is done on single numbers: on so few of them an array
    operation costs five to ten times as much.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self._synth = make_synth(decoder.voices, decoder.n_harmonics, decoder.n_bands)
        controls = self._controls = self._synth.controls
        decoder.answer_into(*controls.asked)
        self.envelopes: Envelopes = controls.envelopes
        self._f0_now, self._f0_next = map(cells, controls.f0_hz)
        self._level_now, self._level_next = map(cells, controls.level)
        self._unit, self._knobs = cells(controls.unit), cells(controls.knobs)
        self._numbers = np.arange(1, decoder.n_harmonics + 1)
        self._timbre_db = [0.0] * decoder.voices
        self._brightness_db = 0.0
        self._begun = False
        self._morphing = decoder if isinstance(decoder, MorphDecoder) else None
        self._banked = decoder if isinstance(decoder, BankedDecoder) else None
        strings = decoder.voices if self._banked is None else self._banked.strings
        self._banks = [range(string, decoder.voices, strings) for string in range(strings)]

    def reset(self) -> None:
        """Silence, phase zero, nothing remembered."""
        self.decoder.reset()
        self._synth.reset()
        self._begun = False

    def follow(self, other: "DdspVoices") -> None:
        """Go on from where other voices are, between two hops; only the decoder knows of nothing."""
        self._synth.follow(other._synth)
        self._begun = other._begun

    def limit(self, partials: int | None) -> None:
        """Play at most so many harmonics from the next hop on, or all."""
        most = self._controls.n_harmonics
        self._knobs[PARTIALS] = float(most if partials is None else min(partials, most))

    def begin_hop(self, request: Request) -> None:
        """Ask the decoder what the next hop is to sound like."""
        if self._morphing is not None:
            self._morphing.morph = request.morph
        if self._banked is not None:
            self._banked.begin_hop()
        self._ask(request)
        self._synth.begin_hop()

    def ask_again(self, request: Request) -> None:
        """Ask once more for the end of the hop that runs; only who is told to `begin_now` plays the answer.

        To be called with what the other voices were asked for before. To a decoder that remembers it is one
        more hop, 2.7 ms of the same for those that ring.
        """
        self._ask(request)

    def begin_now(self, voice: int) -> None:
        """What a voice was asked for last is there with the next sample; it must be silent now."""
        begin_now(self._controls, voice)
        if self._banked is not None and self._banked.sounds:
            begin_now(self._controls, voice + self._banked.strings)

    def begin_period(self, voice: int, after_s: float) -> None:
        """A period of a voice begins so many seconds from now; it must be silent now."""
        for its in self._banks[voice]:
            self._synth.turn_to(its, -self._f0_next[its] * after_s % 1.0)

    def _ask(self, request: Request) -> None:
        f0_hz, loudnesses, gains = request.f0_hz, request.loudness_db, request.timbre_gain
        if self._banked is not None:
            f0_hz = self._banked.pitches(f0_hz)
            loudnesses, gains = self._banked.both(loudnesses), self._banked.both(gains)
        quietest_db, timbre_db = self.decoder.loudness_range_db.low, self._timbre_db
        unit, level, f0_next = self._unit, self._level_next, self._f0_next
        for voice, loudness_db in enumerate(loudnesses):
            gain = gains[voice]
            asked_db = loudness_db + 20.0 * math.log10(gain) if gain > 1e-6 else loudness_db - 120.0
            # What is quieter than the decoder knows is played as the quietest and only turned down.
            timbre_db[voice] = asked_db = asked_db if asked_db > quietest_db else quietest_db
            unit[voice] = 10.0 ** (asked_db * -0.05)
            level[voice] = 10.0 ** (loudness_db * 0.05)
            f0_next[voice] = f0_hz[voice]
        self._knobs[NOISE_GAIN] = request.noise
        if request.brightness_db != self._brightness_db:
            self._brighten(request.brightness_db)
        if not self._begun:
            self._controls.f0_hz[0], self._begun = f0_hz, True
        self.decoder.step(f0_hz, timbre_db)

    def jump(self, voice: int, f0_hz: float | None = None, loudness_db: float | None = None) -> None:
        """A note begins with the next sample: what is given is there at once, and stays until the next hop.

        Give a loudness only while the voice is silent: a level that jumps clicks.
        """
        if f0_hz is not None:
            self._f0_now[voice] = self._f0_next[voice] = f0_hz
        if loudness_db is not None:
            self._level_now[voice] = self._level_next[voice] = 10.0 ** (loudness_db / 20.0)

    def render(self, begin: int, n: int) -> Array:
        """(n,) samples of the hop from `begin` on, valid until the next call."""
        if self._banked is not None:
            self._banked.gate(self.envelopes)
        return self._synth.render(begin, n)

    def _brighten(self, brightness_db: float) -> None:
        self._brightness_db = brightness_db
        self._knobs[TILTED] = float(brightness_db != 0.0)
        self._controls.tilt[:] = self._numbers ** (brightness_db / OCTAVE_DB)
