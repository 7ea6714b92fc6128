"""Mode cv: 1 V/oct and a gate play a neural instrument."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import Envelope, Shape
from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, Note
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.changing import ChangingVoice
from ddsp_pi.modes.notes import HeldNotes
from ddsp_pi.modes.voice import Request
from ddsp_pi.params import Param, ParamSet

PARAMS = (
    Param("note", "semitones", 0, 127, 60, "Pitch as a MIDI note number; CV 1 drives it at 1 V/oct."),
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

VELOCITY_DB = 30.0
"""Loudness between a velocity of 0 and of 1."""

MAIN_GATE = 1


class CvMode:
    """One voice played by pitch, gate and parameters, or by notes."""

    def __init__(self, decoder: Decoder) -> None:
        self.params = ParamSet(PARAMS)
        self._voice = ChangingVoice(decoder)
        self.outside = self._voice.outside
        self._envelope = Envelope()
        self._notes = HeldNotes()
        self._gain = np.empty(HOP, np.float32)
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode."""
        self._voice.use(decoder)

    def reset(self) -> None:
        """See Mode."""
        self._voice.reset()
        self._envelope.reset()
        self._notes.reset()
        self._played: Note | None = None
        self._pitch: float | None = None
        self._vibrato = 0.0

    def render(self, frame: ControlFrame, audio_in: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """See Mode."""
        n = len(out)
        edges, shape = self._edges(frame, n), self._shape()
        opened = [sample for sample, high in edges if high]
        request = self._request(n, self._envelope.ahead(shape, HOP), opened[-1] if opened else None)
        gain = self._gain[:n]
        self._envelope.render(shape, edges, gain)
        self._voice.render(request, gain, out)

    def _edges(self, frame: ControlFrame, n: int) -> list[tuple[int, bool]]:
        """Gate edges and keys as (sample, high), in order of time."""
        if not (frame.edges or frame.notes):
            return []
        moves: list[tuple[int, bool]] = []
        for edge in frame.edges:
            if edge.gate == MAIN_GATE:
                moves.append((frame.offset(edge.at_ns, n), edge.high))
                # A patched gate takes the pitch back from a key that was played before.
                self._played = None if edge.high else self._played
        for note in frame.notes:
            high = self._notes.take(note)
            self._played = self._notes.current or self._played
            if high is not None:
                moves.append((frame.offset(note.at_ns, n), high))
        return sorted(moves, key=lambda move: move[0])

    def _shape(self) -> Shape:
        params = self.params
        if params.is_driven("loudness"):
            return CABLED
        return Shape(params["attack"], params["decay"], params["sustain"], params["release"])

    def _request(self, n: int, timbre_gain: float, opened: int | None) -> Request:
        params = self.params
        quieter = VELOCITY_DB * (1.0 - self._played.velocity) if self._played else 0.0
        return Request(
            f0_hz=440.0 * 2.0 ** ((self._glided(n) + self._vibrato_semitones(n) - 69.0) / 12.0),
            loudness_db=params["loudness"] - quieter,
            brightness_db=params["brightness"],
            noise=params["noise"],
            timbre_gain=timbre_gain,
            morph=params["morph"],
            snap=opened if params["glide"] == 0.0 else None,
        )

    def _glided(self, n: int) -> float:
        target = (self._played.note if self._played else self.params["note"]) + self.params["tune"]
        glide_ms = self.params["glide"]
        if self._pitch is None or glide_ms == 0.0:
            self._pitch = target
        else:
            self._pitch += (target - self._pitch) * -math.expm1(-n / (glide_ms * SAMPLE_RATE / 1000.0))
        return self._pitch

    def _vibrato_semitones(self, n: int) -> float:
        if self.params["vibrato_depth"] == 0.0:
            return 0.0
        self._vibrato = (self._vibrato + self.params["vibrato_rate"] * n / SAMPLE_RATE) % 1.0
        return self.params["vibrato_depth"] / 100.0 * math.sin(2.0 * math.pi * self._vibrato)
