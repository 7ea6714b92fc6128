"""Mode cross: what comes in at the audio input plays a neural instrument, and keeps its words."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.dsp.listening import RANGES, Heard, Listener
from ddsp_pi.dsp.loudness import FLOOR_DB
from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.frame import HOP, ControlFrame, Note
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.blend import Blend
from ddsp_pi.modes.changing import ChangingVoices
from ddsp_pi.modes.colour import Colour, ColouredDecoder
from ddsp_pi.modes.cv import PARAMS as CV_PARAMS
from ddsp_pi.modes.keys import Keys
from ddsp_pi.modes.leaps import Leaps
from ddsp_pi.modes.meter import Meter
from ddsp_pi.modes.outside import Outside
from ddsp_pi.modes.voices import Request
from ddsp_pi.params import Param, ParamSet

_SHARED = {spec.name: spec for spec in CV_PARAMS}

PARAMS = (
    Param("pitch_shift", "semitones", -24, 24, 0, "Added to the pitch that is heard; formants stay."),
    Param("pitch_steps", "0 or 1", 0, 1, 1, "1 shifts the pitch by whole semitones, 0 by any interval."),
    Param("model_mix", "share", 0, 1, 0.5, "Harmonics: 0 the input's alone, 1 the instrument's alone."),
    _SHARED["noise"],
    Param("formant_shift", "octaves", -1, 1, 0, "Moves the input's formants; the pitch stays."),
    Param("dry_wet", "share", 0, 1, 1, "0 plays the input as it is, 1 the instrument, at equal power."),
    Param("input_gain", "dB", -24, 36, 0, "Gain of the input; the level meter is behind it."),
    Param("threshold", "dB", -80, -20, -65, "An input of less A-weighted loudness is silence."),
    Param("consonants", "x", 0, 1, 1, "What has no pitch in the input: as loud as it is, down to nothing."),
    _SHARED["note"],
    _SHARED["tune"],
    _SHARED["brightness"],
    _SHARED["morph"],
    Param("range", "0, 1 or 2", 0, 2, 0, "Pitches that are listened for: 0 voice, 1 bass, 2 treble."),
)

N_HARMONICS, N_BANDS = 100, 65
"""Of the input that are looked at."""

GATED = Shape(attack_s=0.001, decay_s=0.01, sustain=1.0, release_s=0.12)
"""How the sound opens and closes; the input is the envelope."""

HYSTERESIS_DB = 6.0
"""Below the threshold, where the gate closes again."""

STEP_HOLDS = 0.6
"""Semitones away from a whole one at which the next is taken: a knob between two must not flicker."""


class CrossMode:
    """One voice that follows the pitch, loudness, voicing and spectrum of the input.

    What was heard until the end of a hop is asked for in the next one and reached at its end.
    Parameters are read at the start of a hop.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.params = ParamSet(PARAMS)
        self.outside, self.meter = Outside(), Meter()
        self._colour = Colour(N_HARMONICS, N_BANDS)
        self._voices = ChangingVoices(ColouredDecoder(decoder, self._colour))
        self._ears = [Listener(low_hz, high_hz, N_BANDS, N_HARMONICS) for low_hz, high_hz in RANGES.values()]
        self._keys, self._blend, self._leaps = Keys(1), Blend(), Leaps()
        self._hop = np.zeros(HOP, np.float32)
        self._asked = Request(1)
        self._key: float | None = None
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode."""
        self._voices.use(ColouredDecoder(decoder, self._colour))

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode; the one voice stays."""
        self._voices.limit(partials)

    def release(self) -> None:
        """See Mode; what is heard after that plays."""
        self._keys.release()
        self._key = None
        self._open(False)

    def reset(self) -> None:
        """See Mode."""
        for ear in self._ears:
            ear.reset()
        self._voices.reset()
        self._keys.reset()
        self._voices.shape(0, GATED)
        for part in (self.outside, self.meter, self._blend, self._leaps):
            part.reset()
        self._hop[:] = 0.0
        self._ear = self._ears[0]
        self._key = None
        self._is_open = False
        self._tonal = False
        self._shift = 0.0

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        for event in frame.events:
            if isinstance(event, Note):
                self._press(event)
        begin = frame.position
        if begin == 0:
            self._begin_hop()
        # Held within what can be added up; a NaN passes, and is for who listens.
        np.clip(audio_in, -LOUDEST, LOUDEST, out=self._hop[begin : begin + len(out)])
        self._voices.render(begin, out)
        self._blend.mix(begin, audio_in, out)
        playing = self._voices.playing
        self.outside.look(playing.decoder, self._asked, playing.envelopes)

    def _press(self, note: Note) -> None:
        """A key that is held plays the pitch, whatever is sung."""
        move = self._keys.take(note)
        if move is not None:
            self._key = None if move.gate is False or move.note is None else move.note.note

    def _begin_hop(self) -> None:
        live, asked, colour = self.params.live, self._asked, self._colour
        heard = self._hear(round(live["range"]))
        gain = 10.0 ** (live["input_gain"] / 20.0)
        self._blend.aim(live["dry_wet"], gain)
        loudness_db = heard.loudness_db + live["input_gain"]
        self._judge(heard, loudness_db, live["threshold"])
        f0_hz = self._pitch(self._leaps.follow(heard.f0_hz, self._tonal and heard.voiced))
        self._begin(f0_hz, heard.voicing)
        asked.f0_hz[0], asked.loudness_db[0] = f0_hz, loudness_db
        asked.timbre_gain[0] = self._voices.playing.envelopes.ahead(0, HOP)
        asked.brightness_db, asked.morph = live["brightness"], live["morph"]
        self._take_colour(colour, heard, f0_hz)
        self._voices.begin_hop(asked)
        self.meter.take(self._hop, heard.peak, heard.clipped, gain)
        self.meter.f0_hz = f0_hz if self._is_open and self._tonal else 0.0

    def _hear(self, number: int) -> Heard:
        ear = self._ears[number]
        if ear is not self._ear:
            ear.reset()
            self._ear = ear
        return ear.hear(self._hop)

    def _take_colour(self, colour: Colour, heard: Heard, f0_hz: float) -> None:
        """What the input sounds like, where somebody is to hear it."""
        live = self.params.live
        formant_ratio = math.exp2(live["formant_shift"])
        colour.voicing, colour.model_mix = heard.voicing, live["model_mix"]
        colour.noise, colour.consonants = live["noise"], live["consonants"]
        colour.morph = live["morph"]
        if colour.voicing > 0.0 and colour.model_mix < 1.0:
            self._ear.harmonics(f0_hz, formant_ratio, colour.partials)
        if colour.voicing < 1.0 and colour.consonants > 0.0:
            self._ear.noise(formant_ratio, colour.bands)

    def _judge(self, heard: Heard, loudness_db: float, threshold_db: float) -> None:
        """Open for what is loud enough, close softly when it is over."""
        least_db = threshold_db - HYSTERESIS_DB if self._is_open else threshold_db
        is_open = loudness_db > least_db and heard.loudness_db > FLOOR_DB + 1.0
        if is_open != self._is_open:
            self._open(is_open)

    def _open(self, is_open: bool) -> None:
        self._is_open = is_open
        self._voices.move(0, is_open)

    def _pitch(self, sung_hz: float) -> float:
        """What is to be played, in Hz: the key's pitch, the cable's, or what is sung."""
        live = self.params.live
        up = live["tune"] + self._steps(live["pitch_shift"], live["pitch_steps"])
        if self._key is not None:
            return 440.0 * math.exp2((self._key + up - 69.0) / 12.0)
        if self.params.is_driven("note"):
            return 440.0 * math.exp2((live["note"] + up - 69.0) / 12.0)
        return sung_hz * math.exp2(up / 12.0)

    def _steps(self, shift: float, stepped: float) -> float:
        if stepped < 0.5:
            return shift
        if abs(shift - self._shift) >= STEP_HOLDS:
            self._shift = float(round(shift))
        return self._shift

    def _begin(self, f0_hz: float, voicing: float) -> None:
        """A tone that begins after a rest, or after a consonant, does not slide up to its pitch."""
        if not self._tonal or self._voices.playing.envelopes.gain(0) == 0.0:
            self._voices.jump(0, f0_hz)
        self._tonal = voicing > 0.0
