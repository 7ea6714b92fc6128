"""Mode cv: 1 V/oct and gates play a neural instrument."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, Event, Note
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.changing import ChangingVoices
from ddsp_pi.modes.keys import Keys, Move
from ddsp_pi.modes.outside import Outside
from ddsp_pi.modes.voices import Request
from ddsp_pi.params import Param, ParamSet

PARAMS = (
    Param("note", "semitones", 0, 127, 60, "Pitch as a MIDI note number; CV 1 drives it at 1 V/oct."),
    Param("note_2", "semitones", 0, 127, 60, "Pitch of the second voice, which gate 2 starts."),
    Param("tune", "semitones", -24, 24, 0, "Added to the pitch, wherever it comes from."),
    Param("glide", "ms", 0, 2000, 0, "Time to glide 63 % of the way to a new pitch; 0 jumps."),
    Param("loudness", "dB", -80, 0, -20, "A-weighted loudness at full gate; CV 2 drives it."),
    Param("brightness", "dB/oct", -6, 6, 0, "Tilts the harmonics at equal loudness; 0 is as trained."),
    Param("noise", "x", 0, 2, 1, "Breath and bow noise; 1 is the trained balance."),
    Param("vibrato_depth", "cents", 0, 100, 0, "Depth of the vibrato to either side."),
    Param("vibrato_rate", "Hz", 0.1, 12, 5.5, "Speed of the vibrato.", warp="log"),
    Param("morph", "share", 0, 1, 0, "From the instrument to the one it morphs to, if one is loaded."),
    Param("attack", "s", 0.001, 5, 0.04, "Rise of a note when loudness has no cable.", warp="log"),
    Param("decay", "s", 0.005, 10, 0.8, "Fall to the sustain level (−60 dB of the way).", warp="log"),
    Param("sustain", "share", 0, 1, 0.7, "Gain of a held note."),
    Param("release", "s", 0.005, 10, 0.4, "Fall after the gate closes, by 60 dB.", warp="log"),
)

CABLED = Shape(attack_s=0.003, decay_s=0.01, sustain=1.0, release_s=0.25)
"""With loudness on a cable the cable is the envelope; the gate only opens without a click."""

SHED = Shape(attack_s=0.003, decay_s=0.01, sustain=0.0, release_s=0.05)
"""How a voice leaves that there is no time for."""

SHAPE = ("attack", "decay", "sustain", "release")
"""Parameters of the envelope, in the order of a Shape."""

VELOCITY_DB = 30.0
"""Loudness between a velocity of 0 and of 1."""

FAINT = 0.03
"""−30 dB: a note that has faded to this gain may jump to another pitch. One that is louder slides there
together with its spectrum, for a corner in the wave would click."""

PAIRS = ("note", "note_2")
"""Pitches of the voices that cables play: gate 1 opens the first, gate 2 the second."""


class CvMode:
    """Voices played by pairs of pitch and gate, or by keys; as many as the decoder has.

    Timbre, envelope and vibrato are common to all voices. Parameters are read at the start of a hop.
    """

    meter = None

    def __init__(self, decoder: Decoder) -> None:
        self.params = ParamSet(PARAMS)
        self.outside = Outside()
        self._count = decoder.voices
        self._voices = ChangingVoices(decoder)
        self._keys = Keys(self._count)
        self._most = self._count
        self._shape: Shape | None = None
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode."""
        self._voices.use(decoder)

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode."""
        self._voices.limit(partials)
        self._most = self._count if voices is None else min(voices, self._count)
        self._keys.limit(self._most)
        for voice in range(self._most, self._count):
            self._voices.shape(voice, SHED)
            self._voices.move(voice, False)
        # Who plays again gets the common shape back.
        self._shape = None

    def release(self) -> None:
        """See Mode."""
        self._keys.release()
        for voice in range(self._count):
            self._voices.move(voice, False)

    def reset(self) -> None:
        """See Mode."""
        self._voices.reset()
        self.outside.reset()
        self._keys.reset()
        self._notes: list[float | None] = [None] * self._count  # a voice without a key plays its cable's
        self._pitch: list[float] = []
        self._quieter_db = [0.0] * self._count
        self._asked = Request(self._count)
        self._vibrato = 0.0
        self._shape = None

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        for event in frame.events:
            self._take(event)
        if frame.position == 0:
            self._begin_hop()
        self._voices.render(frame.position, out)
        playing = self._voices.playing
        self.outside.look(playing.decoder, self._asked, playing.envelopes)

    def _take(self, event: Event) -> None:
        if isinstance(event, Note):
            self._make(self._keys.take(event))
        elif event.gate <= min(len(PAIRS), self._count):
            self._make(self._keys.patch(event.gate - 1, event.high))

    def _make(self, move: Move | None) -> None:
        if move is None:
            return
        if move.gate is not False:
            key = move.note
            self._notes[move.voice] = key.note if key else None
            quieter_db = VELOCITY_DB * (1.0 - key.velocity) if key else 0.0
            self._begin(move.voice, key.note if key else self._cable(move.voice), quieter_db)
        if move.gate is not None:
            self._voices.move(move.voice, move.gate)

    def _begin(self, voice: int, note: float, quieter_db: float) -> None:
        """A voice gets a new pitch and velocity, within two hops if it still sounds."""
        gain = self._voices.playing.envelopes.gain(voice)
        self._quieter_db[voice] = quieter_db
        loudness_db = self.params["loudness"] - quieter_db if gain == 0.0 else None
        f0_hz = None
        if self._pitch and self.params["glide"] == 0.0 and gain < FAINT:
            self._pitch[voice] = note + self.params["tune"]
            f0_hz = _hertz(self._pitch[voice] + self._swing())
        self._voices.jump(voice, f0_hz, loudness_db)

    def _begin_hop(self) -> None:
        live, asked = self.params.live, self._asked
        self._reshape()
        self._advance_pitch(live["tune"], live["glide"])
        up, loudness_db = self._swing() - 69.0, live["loudness"]
        exp2, ahead = math.exp2, self._voices.playing.envelopes.ahead
        for voice, pitch in enumerate(self._pitch):
            asked.f0_hz[voice] = 440.0 * exp2((pitch + up) / 12.0)
            asked.loudness_db[voice] = loudness_db - self._quieter_db[voice]
            asked.timbre_gain[voice] = ahead(voice, HOP)
        asked.brightness_db, asked.noise, asked.morph = live["brightness"], live["noise"], live["morph"]
        self._voices.begin_hop(asked)

    def _reshape(self) -> None:
        """Give the voices the shape of the envelope, if it is another now."""
        live = self.params.live
        cabled = self.params.is_driven("loudness")
        shape = CABLED if cabled else Shape(*(live[name] for name in SHAPE))
        if shape == self._shape:
            return
        self._shape = shape
        for voice in range(self._most):
            self._voices.shape(voice, shape)

    def _advance_pitch(self, tune: float, glide_ms: float) -> None:
        """Bring pitches and vibrato to the end of the hop."""
        begun, share = bool(self._pitch), 1.0
        if not begun:
            self._pitch = [0.0] * self._count
        elif glide_ms:
            share = -math.expm1(-HOP / (glide_ms * SAMPLE_RATE / 1000.0))
        for voice, pitch in enumerate(self._pitch):
            note = self._notes[voice]
            target = (self._cable(voice) if note is None else note) + tune
            self._pitch[voice] = target if share == 1.0 else pitch + (target - pitch) * share
        self._vibrato = (self._vibrato + self.params.live["vibrato_rate"] * HOP / SAMPLE_RATE) % 1.0

    def _cable(self, voice: int) -> float:
        """The note of a voice's own cable; voices beyond the pairs wait on the first."""
        return self.params.live[PAIRS[voice if voice < len(PAIRS) else 0]]

    def _swing(self) -> float:
        """Semitones that the vibrato adds now."""
        depth = self.params.live["vibrato_depth"]
        return depth / 100.0 * math.sin(2.0 * math.pi * self._vibrato) if depth else 0.0


def _hertz(note: float) -> float:
    return 440.0 * math.exp2((note - 69.0) / 12.0)
