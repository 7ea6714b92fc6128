"""Mode style: notes play an instrument that knows how notes begin, ring and end, and in which manner."""

import math
from collections.abc import Iterable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE, ControlFrame, Event, Note
from ddsp_pi.models.card import Controller
from ddsp_pi.models.decoder import Decoder, PlayedDecoder
from ddsp_pi.models.touch import ONSET, RELEASE, Touch
from ddsp_pi.modes.banks import BankedDecoder
from ddsp_pi.modes.changing import ChangingVoices
from ddsp_pi.modes.cv import PAIRS, SHED, VELOCITY_DB
from ddsp_pi.modes.cv import PARAMS as CV_PARAMS
from ddsp_pi.modes.keys import Keys, Move
from ddsp_pi.modes.outside import Outside
from ddsp_pi.modes.strings import Strings, voices_on
from ddsp_pi.modes.voices import Request
from ddsp_pi.params import Param, ParamSet

_SHARED = {spec.name: spec for spec in CV_PARAMS}

PARAMS = (
    *(_SHARED[name] for name in ("note", "note_2", "tune", "glide", "loudness")),
    Param("velocity_range", "dB", 0, 60, VELOCITY_DB, "Loudness between the softest key and the hardest."),
    *(_SHARED[name] for name in ("brightness", "noise", "vibrato_depth", "vibrato_rate", "release")),
    Param("legato", "0 or 1", 0, 1, 0, "1: with one voice, a key beside one that is held slides, unstruck."),
)
"""What every instrument has; its own controllers come after these."""

ATTACK_S = 0.001
"""Of the gate: how a note begins is the instrument's, this only keeps it from clicking."""

RING_OUT = Shape(ATTACK_S, decay_s=0.01, sustain=0.0, release_s=0.012)
"""How a string leaves whose voice strikes another one: down by 20 dB in 4 ms."""

HOP_S = 1.0 / HOP_RATE


def controller_params(controllers: Iterable[Controller]) -> tuple[Param, ...]:
    """Parameters that play an instrument's controllers, each by its own name."""
    return tuple(Param(known.name, "share", 0, 1, known.default, known.doc) for known in controllers)


class StyleMode:
    """Voices that are struck: by keys, or by pairs of pitch and gate; as many as the decoder has strings for.

    A strike takes a string that is silent and is there with its very sample; what the voice played
    before rings out beside it. Timbre, vibrato and the instrument's controllers are common to all
    voices. Parameters are read at the start of a hop, and loudness on a cable when a note is struck.
    """

    meter = None

    def __init__(self, decoder: Decoder, specs: tuple[Param, ...] | None = None) -> None:
        """`specs`: the table of parameters; left out: those that this instrument needs."""
        if specs is None:
            specs = PARAMS + controller_params(_played(decoder).style.controllers)
        self.params = ParamSet(specs)
        self.outside = Outside()
        self._strings = Strings(decoder.voices)
        self._count = self._most = voices_on(decoder.voices)
        self._touch = Touch(decoder.voices)
        self._voices = ChangingVoices(self._banked(decoder))
        self._keys = Keys(self._count)
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode."""
        self._voices.use(self._banked(decoder))

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode."""
        self._voices.limit(partials)
        self._most = self._count if voices is None else min(voices, self._count)
        self._keys.limit(self._most)
        for voice in range(self._most, self._count):
            self._leave(self._strings.of[voice], SHED)
            self._strings.drop(voice)
            self._open[voice] = False

    def release(self) -> None:
        """See Mode."""
        self._keys.release()
        for voice in range(self._count):
            if self._open[voice]:
                self._lift(voice, 0)

    def reset(self) -> None:
        """See Mode."""
        self._voices.reset()
        self.outside.reset()
        self._keys.reset()
        self._strings.reset()
        count, strings = self._count, len(self._touch.rows)
        self._touch.rows[:] = Touch(strings).rows
        self._open = [False] * count
        self._notes: list[float | None] = [None] * count  # a voice without a key plays its cable's
        self._pitch: list[float | None] = [None] * count
        self._quieter_db, self._struck_db = [0.0] * strings, [0.0] * strings
        self._asked = Request(strings)
        self._struck: list[int] = []
        self._vibrato = 0.0
        self._shape = self._shape_now()

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        for event in frame.events:
            self._take(event, frame.position)
        if frame.position == 0:
            self._begin_hop()
        if self._struck:
            self._begin_notes(frame.position)
        self._voices.render(frame.position, out)
        playing = self._voices.playing
        self.outside.look(playing.decoder, self._asked, playing.envelopes)

    def _banked(self, decoder: Decoder) -> BankedDecoder:
        return BankedDecoder(_played(decoder), self._touch, self.params.live)

    def _take(self, event: Event, place: int) -> None:
        if isinstance(event, Note):
            self._make(self._keys.take(event), place)
        elif event.gate <= min(len(PAIRS), self._count):
            self._make(self._keys.patch(event.gate - 1, event.high), place)

    def _make(self, move: Move | None, place: int) -> None:
        if move is None:
            return
        if move.gate is False:
            self._lift(move.voice, place)
        elif move.gate is None or self._slurs(move):
            self._notes[move.voice] = move.note.note if move.note else None
        else:
            self._strike(move.voice, move.note, place)

    def _slurs(self, move: Move) -> bool:
        """Whether a key only slides the pitch of what sounds."""
        if self._count > 1 or self.params.live["legato"] < 0.5 or not self._open[move.voice]:
            return False
        return self._notes[move.voice] != (move.note.note if move.note else None)

    def _strike(self, voice: int, key: Note | None, place: int) -> None:
        live = self.params.live
        taken = self._strings.take(voice, self._voices.playing.envelopes.gain)
        string = taken.string
        self._leave(taken.before, RING_OUT)
        self._open[voice], self._notes[voice] = True, key.note if key else None
        if self._pitch[voice] is None or live["glide"] == 0.0:
            self._pitch[voice] = self._target(voice, live["tune"])
        quieter_db = live["velocity_range"] * (1.0 - key.velocity) if key else 0.0
        self._quieter_db[string], self._struck_db[string] = quieter_db, live["loudness"] - quieter_db
        self._touch.strike(string)
        self._touch.rows[string][ONSET] = _left_s(place)
        self._voices.shape(string, self._shape)
        self._voices.move(string, True)
        if taken.silent:
            self._struck.append(string)
            self._ask_for(voice, string)

    def _lift(self, voice: int, place: int) -> None:
        """The key of a voice goes up, or its gate closes: its string rings as far as it is released."""
        string, self._open[voice] = self._strings.of[voice], False
        if string is None:
            return
        if self._notes[voice] is None:
            # The next pitch of a sequencer may come before its gate.
            self._notes[voice] = self._cable(voice)
        self._touch.release(string)
        self._touch.rows[string][RELEASE] = _left_s(place)
        self._leave(string, self._shape)

    def _leave(self, string: int | None, shape: Shape) -> None:
        if string is not None:
            self._voices.shape(string, shape)
            self._voices.move(string, False)

    def _begin_hop(self) -> None:
        live, asked, touch = self.params.live, self._asked, self._touch
        self._reshape()
        for string in range(len(touch.rows)):
            touch.advance(string, HOP_S)
        self._advance_pitch(live["tune"], live["glide"])
        for voice, its in enumerate(self._strings.of):
            if its is not None:
                self._ask_for(voice, its)
        asked.brightness_db, asked.noise = live["brightness"], live["noise"]
        self._voices.begin_hop(asked)

    def _begin_notes(self, place: int) -> None:
        """Strings that were struck are there at once: their spectra are those of the end of the hop."""
        if place:
            self._voices.ask_again(self._asked)
        for string in self._struck:
            self._voices.begin_now(string)
        self._struck.clear()

    def _ask_for(self, voice: int, string: int) -> None:
        """Ask for a voice's pitch and loudness; its timbre is that of the strike, however loud it is now."""
        asked, live, struck_db = self._asked, self.params.live, self._struck_db[string]
        pitch = self._pitch[voice] or 0.0
        asked.f0_hz[string] = 440.0 * math.exp2((pitch + self._swing() - 69.0) / 12.0)
        held = self.params.is_driven("loudness")
        loudness_db = struck_db if held else live["loudness"] - self._quieter_db[string]
        asked.loudness_db[string] = loudness_db
        same = loudness_db == struck_db
        asked.timbre_gain[string] = 1.0 if same else 10.0 ** ((struck_db - loudness_db) / 20.0)

    def _reshape(self) -> None:
        """Let the strings go as the parameter says now, and give up those that are silent."""
        shape, gain = self._shape_now(), self._voices.playing.envelopes.gain
        changed, self._shape = shape != self._shape, shape
        for voice, string in enumerate(self._strings.of):
            if string is None:
                continue
            if changed:
                self._voices.shape(string, shape)
            if not self._open[voice] and gain(string) == 0.0:
                self._strings.drop(voice)

    def _shape_now(self) -> Shape:
        return Shape(ATTACK_S, decay_s=0.01, sustain=1.0, release_s=self.params.live["release"])

    def _advance_pitch(self, tune: float, glide_ms: float) -> None:
        """Bring pitches and vibrato to the end of the hop."""
        share = -math.expm1(-HOP / (glide_ms * SAMPLE_RATE / 1000.0)) if glide_ms else 1.0
        for voice, pitch in enumerate(self._pitch):
            if pitch is not None:
                target = self._target(voice, tune)
                self._pitch[voice] = target if share == 1.0 else pitch + (target - pitch) * share
        self._vibrato = (self._vibrato + self.params.live["vibrato_rate"] * HOP_S) % 1.0

    def _target(self, voice: int, tune: float) -> float:
        note = self._notes[voice]
        return (self._cable(voice) if note is None else note) + tune

    def _cable(self, voice: int) -> float:
        """The note of a voice's own cable; voices beyond the pairs wait on the first."""
        return self.params.live[PAIRS[voice if voice < len(PAIRS) else 0]]

    def _swing(self) -> float:
        """Semitones that the vibrato adds now."""
        depth = self.params.live["vibrato_depth"]
        return depth / 100.0 * math.sin(2.0 * math.pi * self._vibrato) if depth else 0.0


def _left_s(place: int) -> float:
    """How long what happens inside a hop lasts until its end; a hop that is still to begin counts itself."""
    return (HOP - place) / SAMPLE_RATE if place else 0.0


def _played(decoder: Decoder) -> PlayedDecoder:
    assert hasattr(decoder, "style"), "modes.tables says which instruments are played by notes"
    return cast(PlayedDecoder, decoder)
