"""Hits strike a neural instrument: each is a note that begins on its sample, decays, and is gone."""

import math
from bisect import insort
from typing import NamedTuple

import numpy as np

from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.touch import ONSET, Touch
from ddsp_pi.modes.changing import warmed
from ddsp_pi.modes.drum_sound import Array, Strike
from ddsp_pi.modes.slopes import FLAT, Slope, Slopes, sloping
from ddsp_pi.modes.strings import Strings, voices_on
from ddsp_pi.modes.voices import Request
from ddsp_pi.params import ParamSet

ATTACK_S = 0.001
"""Of the gate. Its first period begins when it is over, at any pitch, so that all strikes are alike."""

GIVES_WAY = Shape(ATTACK_S, decay_s=0.01, sustain=0.0, release_s=0.012)
"""How a string leaves whose voice strikes another one: down by 20 dB in 4 ms."""

CHOKED = Shape(ATTACK_S, decay_s=0.01, sustain=0.0, release_s=0.006)

SILENT = 1e-5
"""−100 dB: a gain below which a string is let go."""

BRIGHTER_DB, STEEPEST_DB = 6.0, 9.0
"""Per octave: between the dullest hit and the brightest at a sensitivity of 1, and at most."""

HARDEST = 0.5
"""How much louder than the usual hit the one is that has the whole loudness, as the hardest key has it."""

SETTLING_HOPS = 2
"""Hops in which a note still follows its cable: a sequencer's pitch comes a little after its gate."""

HOP_S = 1.0 / HOP_RATE


class _Due(NamedTuple):
    """What is to happen."""

    at: int
    """On which sample since the reset."""
    strike: Strike | None
    """None: what rings is choked."""


def _time(due: _Due) -> int:
    return due.at


class StruckSound:
    """An instrument whose voices are struck in turn, each on a string of its own while there are enough.

    What is turned counts when a note begins; what rings goes on as it was struck. A `DrumSound`.
    """

    def __init__(self, decoder: Decoder, params: ParamSet) -> None:
        """`decoder`: with as many voices as strings; `params`: those of mode drums."""
        self._live = params.live
        strings = decoder.voices
        self._touch, self._slopes = Touch(strings), Slopes([FLAT]) * strings
        self._voices = warmed(sloping(decoder, self._touch, self._live, self._slopes))
        self._envelopes = self._voices.envelopes
        self._strings = Strings(strings)
        self._turns, self._range = voices_on(strings), range(strings)
        self._out = np.zeros(HOP, np.float32)
        self.reset()

    def reset(self) -> None:
        """See DrumSound."""
        self._voices.reset()
        self._strings.reset()
        strings = len(self._slopes)
        self._slopes[:] = [FLAT] * strings
        self._touch.rows[:] = Touch(strings).rows
        self._asked, self._settling = Request(strings), [0] * strings
        self._due: list[_Due] = []
        self._struck: list[int] = []
        self._clock = self._turn = 0

    def limit(self, partials: int | None) -> None:
        """See DrumSound."""
        self._voices.limit(partials)

    @property
    def ringing(self) -> bool:
        """See DrumSound."""
        gain = self._envelopes.gain
        return bool(self._due) or any(gain(string) > SILENT for string in self._range)

    def strike(self, hit: Strike, after: int) -> None:
        """See DrumSound."""
        insort(self._due, _Due(self._clock + after, hit), key=_time)

    def choke(self, after: int) -> None:
        """See DrumSound."""
        insort(self._due, _Due(self._clock + after, None), key=_time)

    def render(self, begin: int, n: int) -> Array:
        """See DrumSound."""
        out, done = self._out[:n], 0
        while done < n:
            self._happen(begin + done)
            to_go = min(n - done, self._due[0].at - self._clock) if self._due else n - done
            out[done : done + to_go] = self._voices.render(begin + done, to_go)
            done += to_go
            self._clock += to_go
        return out

    def _happen(self, place: int) -> None:
        """All that is due before the next sample, at this place in the hop."""
        while self._due and self._due[0].at <= self._clock:
            hit = self._due.pop(0).strike
            if hit is None:
                self._choke()
            else:
                self._begin(hit, place)
        if place == 0:
            self._begin_hop()
        elif self._struck:
            self._voices.ask_again(self._asked)
        for string in self._struck:
            self._voices.begin_now(string)
            self._voices.begin_period(string, ATTACK_S)
        self._struck.clear()

    def _begin(self, hit: Strike, place: int) -> None:
        """A string is struck; one that still sounds slides into its note within two hops.

        A hit that is not finite strikes nothing.
        """
        live, (louder, brighter, _) = self._live, hit.difference
        softer = HARDEST - live["sensitivity"] * louder
        loudness_db = live["loudness"] - live["velocity_range"] * softer
        slope_db = live["brightness"] + BRIGHTER_DB * live["sensitivity"] * brighter
        note = live["note"] if hit.note is None else hit.note
        if not math.isfinite(loudness_db + slope_db + note):
            return
        string = self._take()
        asked = self._asked
        asked.f0_hz[string], asked.timbre_gain[string] = self._hertz(note), 1.0
        asked.loudness_db[string] = min(loudness_db, 0.0)
        self._slopes[string] = Slope(min(max(slope_db, -STEEPEST_DB), STEEPEST_DB))
        self._settling[string] = SETTLING_HOPS if hit.note is None else 0
        self._touch.strike(string)
        self._touch.rows[string][ONSET] = (HOP - place) / SAMPLE_RATE if place else 0.0

    def _take(self) -> int:
        """A string for the voice whose turn it is, with its gate open; what the voice played gives way."""
        envelopes = self._envelopes
        taken = self._strings.take(self._turn, envelopes.gain)
        self._turn = (self._turn + 1) % self._turns
        if taken.before is not None:
            envelopes.shape(taken.before, GIVES_WAY)
            envelopes.move(taken.before, False)
        envelopes.shape(taken.string, Shape(ATTACK_S, self._live["decay"], 0.0, CHOKED.release_s))
        envelopes.move(taken.string, True)
        if taken.silent:
            self._struck.append(taken.string)
        return taken.string

    def _choke(self) -> None:
        for string in self._range:
            self._envelopes.shape(string, CHOKED)
            self._envelopes.move(string, False)

    def _begin_hop(self) -> None:
        asked, settling, ahead = self._asked, self._settling, self._envelopes.ahead
        cable_hz = self._hertz(self._live["note"])
        for string in self._range:
            self._touch.advance(string, HOP_S)
            if settling[string]:
                settling[string] -= 1
                asked.f0_hz[string] = cable_hz
            asked.timbre_gain[string] = ahead(string, HOP)
        asked.noise = self._live["noise"]
        self._voices.begin_hop(asked)

    def _hertz(self, note: float) -> float:
        return 440.0 * math.exp2((note + self._live["tune"] - 69.0) / 12.0)
