"""Two banks of harmonics as two sets of voices: from an instrument that is played to the synthesizer."""

from collections.abc import Mapping, Sequence

import numpy as np

from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.models.card import Range
from ddsp_pi.models.decoder import Answer, Array, PlayedDecoder, silence
from ddsp_pi.models.touch import CONTROLS, GATE, ONSET, RELEASE, Touch


class BankedDecoder:
    """A played decoder of S strings as a decoder of 2·S voices.

    The first S play its harmonics and its noise, the others the second bank, if it has one, and no
    noise. All instruments have as many voices, so that one may follow the other while they sound.
    """

    def __init__(self, decoder: PlayedDecoder, touch: Touch, knobs: Mapping[str, float]) -> None:
        """Read how every string is played from `touch`, and the instrument's controllers from `knobs`.

        A controller that nobody has a knob for stays at its default.
        """
        second = decoder.style.second
        own = 0 if second is None else second.n_harmonics
        self.strings, self.voices = decoder.voices, 2 * decoder.voices
        self.n_harmonics = max(decoder.n_harmonics - own, own)
        self.n_bands = decoder.n_bands
        self._decoder, self._touch, self._knobs = decoder, touch, knobs
        self._controllers = tuple(enumerate(decoder.style.controllers, CONTROLS))
        self._second, self._own = second, own
        self._ratio = 1.0 if second is None else second.ratio
        defaults = {known.name: known.default for known in decoder.style.controllers}
        self._default = 0.0 if second is None else defaults.get(second.controller, 0.0)
        self._gain = self._gain_before = 0.0
        # Voices that were followed may have left their gates open.
        self._echoed = True
        self.answer_into(*silence(self.voices, self.n_harmonics, self.n_bands))

    @property
    def pitch_range_hz(self) -> Range:
        """See Decoder."""
        return self._decoder.pitch_range_hz

    @property
    def loudness_range_db(self) -> Range:
        """See Decoder."""
        return self._decoder.loudness_range_db

    def pitches(self, f0_hz: Sequence[float]) -> list[float]:
        """(S,) pitches of strings → (2·S,) of voices, in Hz."""
        ratio, first = self._ratio, list(f0_hz[: self.strings])
        return first + [ratio * hz for hz in first]

    def both(self, values: Sequence[float]) -> list[float]:
        """(S,) values of strings → (2·S,) of voices: the same for both banks."""
        first = list(values[: self.strings])
        return first + first

    def begin_hop(self) -> None:
        """Where the last hop led, the next begins."""
        self._gain_before = self._gain

    @property
    def sounds(self) -> bool:
        """Whether the second bank is to be heard at either end of the hop."""
        return self._gain > 0.0 or self._gain_before > 0.0

    def gate(self, envelopes: Envelopes) -> None:
        """The second bank's gates do as the first's while it is to be heard; else they cost nothing."""
        sounds = self.sounds
        if sounds or self._echoed:
            envelopes.echo(sounds)
        self._echoed = sounds

    def step(self, f0_hz: Sequence[float], loudness_db: Sequence[float]) -> Answer:
        """See Decoder; of (2·S,) requests only the first S are looked at."""
        self._tell()
        strings = self.strings
        self._decoder.step(f0_hz[:strings], loudness_db[:strings])
        if self._second is not None:
            self._split(self._knobs.get(self._second.controller, self._default))
        return self._answer

    def answer_into(self, harmonics: Array, noise: Array) -> None:
        """See Decoder."""
        self._answer = harmonics, noise
        harmonics[:], noise[:] = 0.0, 0.0
        self._first = harmonics[: self.strings]
        self._other = harmonics[self.strings :, : self._own]
        self._whole = self._first
        if self._own:
            self._whole = np.zeros((self.strings, self._decoder.n_harmonics), np.float32)
        self._decoder.answer_into(self._whole, noise[: self.strings])

    def reset(self) -> None:
        """See Decoder."""
        self._decoder.reset()
        self._gain = self._gain_before = 0.0

    def forget(self, voice: int) -> None:
        """See Decoder."""
        self._decoder.forget(voice % self.strings)

    def _tell(self) -> None:
        """Fill the decoder's own table, which has a column for each of its controllers."""
        knobs = self._knobs
        values = [(column, knobs.get(known.name, known.default)) for column, known in self._controllers]
        for row, played in zip(self._decoder.touch.rows, self._touch.rows, strict=True):
            row[ONSET], row[RELEASE], row[GATE] = played[ONSET], played[RELEASE], played[GATE]
            for column, value in values:
                row[column] = value

    def _split(self, gain: float) -> None:
        """Give each bank what is its own of the answer."""
        first = self._decoder.n_harmonics - self._own
        self._first[:, :first] = self._whole[:, :first]
        self._gain = gain
        if self.sounds:
            np.multiply(self._whole[:, first:], np.float32(gain), self._other)
