"""Mode drums: each hit that is heard, and each gate and key, strikes a drum synthesizer in its own way.

After J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping with differentiable DSP"
(NIME 2024): a mapper turns the knobs of the synthesizer by how a hit differs from the usual one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import Hit, HitListener
from ddsp_pi.dsp.native_onset import make_onsets
from ddsp_pi.dsp.native_snare import make_snare
from ddsp_pi.dsp.onset import OnsetDetector
from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.dsp.snare_params import NAMES, from_norms, to_norms
from ddsp_pi.frame import HOP, ControlFrame, Edge, Event
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.blend import Blend
from ddsp_pi.modes.drum_mapping import MIDDLE, Levels, Mapper, Mapping, PlainMapper
from ddsp_pi.modes.drum_params import DAMPING_NAMES, PARAMS, Ask, Rising, asked
from ddsp_pi.modes.meter import Meter
from ddsp_pi.modes.outside import Outside
from ddsp_pi.params import ParamSet

Array = NDArray[np.float32]

FULL_SCALE, CLIPPED = 0.999, 3
"""So many samples of a hop at full scale were cut off there."""

STRIKING_GATE = 1

THE_USUAL = (0.0, 0.0, 0.0)
"""A hit that does not differ from the reference."""


class DrumsMode:
    """A drum that is struck by what comes in, by gate 1 and by keys.

    A hit that is heard sounds 256 samples after its onset, whatever the blocks are, or with `trigger` at 1
    behind the samples that showed it. Gates and keys sound on their own sample.
    """

    def __init__(self, mapper: Mapper | None = None, detector: OnsetDetector | None = None) -> None:
        self.params = ParamSet(PARAMS)
        self.outside, self.meter = Outside(), Meter()
        self._ear = HitListener(detector or make_onsets())
        self._mapping, self._levels = Mapping(mapper or PlainMapper()), Levels()
        self._snare, self._blend = make_snare(), Blend()
        self._relearn = Rising(self.params, "relearn")
        self._raw, self._hop = np.zeros((2, HOP), np.float32)
        self._asked: Ask | None = None
        self._is_hurried = False
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode; no instrument plays here."""

    def map_with(self, mapper: Mapper) -> None:
        """Turn the knobs as another mapper does, from the next hit on; from any thread."""
        self._mapping = Mapping(mapper)

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode; without time for many voices a hit ends those before it."""
        self._is_hurried = voices is not None

    def reset(self) -> None:
        """See Mode; what was learned of the hits is forgotten."""
        for part in (self._ear, self._mapping, self._levels, self._snare, self._blend):
            part.reset()
        self.meter.reset()
        self.outside.reset()
        self._raw[:] = 0.0
        self._hop[:] = 0.0
        self._gain = 1.0
        self._heard = 0
        self._deaf_until = 0

    def release(self) -> None:
        """See Mode; what rings ends too, for nobody holds it, and what was just hit does not sound."""
        self._deaf_until = self._heard
        self._snare.hits.choke()

    def render(self, frame: ControlFrame, audio_in: Array, out: Array) -> None:
        """See Mode."""
        begin, n = frame.position, len(out)
        if begin == 0:
            self._begin_hop()
        for event in frame.events:
            self._play(event)
        self._listen(audio_in, begin, n)
        out[:] = self._snare.render(n)
        self._blend.mix(begin, audio_in, out)
        self.outside.sounding = self._snare.hits.ringing > 0

    def _begin_hop(self) -> None:
        live = self.params.live
        self._look_at_level()
        self._gain = 10.0 ** (live["input_gain"] / 20.0)
        self._blend.aim(live["dry_wet"], self._gain)
        ask = asked(self.params)
        if ask != self._asked:
            self._asked = ask
            self._ear.onsets.tune(ask.settings())
        if self._relearn.look():
            self._mapping.relearn()
            self._levels.reset()

    def _look_at_level(self) -> None:
        """Of the hop that is over."""
        sizes = np.abs(self._raw)
        clipped = int(np.count_nonzero(sizes >= FULL_SCALE)) >= CLIPPED
        self.meter.take(self._raw, float(sizes.max()), clipped, self._gain)

    def _play(self, event: Event) -> None:
        """A gate plays the drum as it is, a key as loud as it was struck."""
        if isinstance(event, Edge):
            if event.gate == STRIKING_GATE and event.high:
                self._strike(THE_USUAL, 0)
        elif event.velocity > 0.0:
            self._strike(_as_loud_as(event.velocity), 0)

    def _listen(self, audio_in: Array, begin: int, n: int) -> None:
        raw, hop = self._raw[begin : begin + n], self._hop[begin : begin + n]
        np.clip(audio_in, -LOUDEST, LOUDEST, out=raw)
        np.copyto(raw, 0.0, where=np.isnan(raw))
        np.multiply(raw, np.float32(self._gain), out=hop)
        first, at_once = self._heard, self.params.live["trigger"] >= 0.5
        self._heard += n
        onset, hits = self._ear.hear(hop)
        if onset is not None:
            loudness = self._levels.place(onset.peak_db)
            if at_once:
                self._strike(_as_loud_as(loudness), onset.heard_at - first)
        for hit in hits:
            self._answer(hit, first, at_once)

    def _answer(self, hit: Hit, first: int, at_once: bool) -> None:
        """All the features of a hit are known now."""
        if hit.onset.heard_at <= self._deaf_until:
            return
        mapping = self._mapping
        difference = mapping.difference(hit.features)
        self.meter.strike(hit.onset.rise_db, hit.features)
        if not at_once:
            self._strike(difference, max(hit.ready_at - first, 0))

    def _strike(self, difference: Sequence[float], after: int) -> None:
        """Begin a hit, so many samples from the first of the piece on."""
        live, hits = self.params.live, self._snare.hits
        knobs = to_norms([live[name] for name in NAMES])
        dampings = np.array([live[name] for name in DAMPING_NAMES])
        turned = live["sensitivity"] * dampings * self._mapping.movement(difference)
        if live["choke"] >= 0.5 or self._is_hurried:
            hits.choke(after)
        hits.strike(from_norms(knobs + turned).tolist(), after)


def _as_loud_as(loudness: float) -> tuple[float, float, float]:
    """The difference of a hit of which nothing but its loudness is known, 0..1."""
    return loudness - MIDDLE, 0.0, 0.0
