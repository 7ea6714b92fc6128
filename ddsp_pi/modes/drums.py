"""Mode drums: each hit that is heard, and each gate and key, strikes a drum synthesizer in its own way.

After J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping with differentiable DSP"
(NIME 2024): a mapper turns the knobs of the synthesizer by how a hit differs from the usual one.
"""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.native_snare import make_snare
from ddsp_pi.dsp.onset import OnsetDetector, PythonOnsets
from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.dsp.snare_params import NAMES, from_norms, to_norms
from ddsp_pi.frame import HOP, ControlFrame, Edge, Event
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.blend import Blend
from ddsp_pi.modes.drum_ear import Begun, DrumEar, Known
from ddsp_pi.modes.drum_params import DAMPING_NAMES, PARAMS, Ask, Rising, asked
from ddsp_pi.modes.drum_seams import N_FEATURES, Features, Mapper, PlainMapper, RunningRange, Scale
from ddsp_pi.modes.meter import Meter
from ddsp_pi.modes.outside import Outside
from ddsp_pi.params import ParamSet

Array = NDArray[np.float32]

FULL_SCALE, CLIPPED = 0.999, 3
"""So many samples of a hop at full scale were cut off there."""

STRIKING_GATE = 1

NO_DIFFERENCE = np.zeros(N_FEATURES)


class DrumsMode:
    """A drum that is struck by what comes in, by gate 1 and by keys.

    A hit that is heard sounds WINDOW samples after its onset, whatever the blocks are, or with `trigger` at 1
    on the sample that shows it. Gates and keys sound on their own sample.
    """

    def __init__(
        self, mapper: Mapper | None = None, detector: OnsetDetector | None = None, scale: Scale | None = None
    ) -> None:
        self.params = ParamSet(PARAMS)
        self.outside, self.meter = Outside(), Meter()
        self._ear = DrumEar(detector or PythonOnsets())
        self._mapper, self._scale = mapper or PlainMapper(), scale or RunningRange()
        self._levels = RunningRange(1)
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
        self._mapper = mapper

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode; without time for many voices a hit ends those before it."""
        self._is_hurried = voices is not None

    def release(self) -> None:
        """See Mode; what rings ends too, for nobody holds it."""
        self._ear.forget()
        self._snare.hits.choke()

    def reset(self) -> None:
        """See Mode; what was learned of the hits is forgotten."""
        for part in (
            self._ear,
            self._snare,
            self._blend,
            self._scale,
            self._levels,
            self.meter,
            self.outside,
        ):
            part.reset()
        self._raw[:] = 0.0
        self._hop[:] = 0.0
        self._gain = 1.0

    def render(self, frame: ControlFrame, audio_in: Array, out: Array) -> None:
        """See Mode."""
        begin, n = frame.position, len(out)
        if begin == 0:
            self._begin_hop()
        for event in frame.events:
            self._play(event)
        self._listen(audio_in, begin, n)
        hits = self._snare.hits
        out[:] = self._snare.render(n)
        self._blend.mix(begin, audio_in, out)
        self.outside.sounding = hits.ringing > 0

    def _begin_hop(self) -> None:
        live = self.params.live
        self._look_at_level()
        self._gain = 10.0 ** (live["input_gain"] / 20.0)
        self._blend.aim(live["dry_wet"], self._gain)
        ask = asked(self.params)
        if ask != self._asked:
            self._asked = ask
            self._ear.detector.tune(ask.settings())
        if self._relearn.look():
            self._scale.reset()
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
                self._strike(NO_DIFFERENCE, 0)
        elif event.velocity > 0.0:
            self._strike(self._as_loud_as(event.velocity), 0)

    def _listen(self, audio_in: Array, begin: int, n: int) -> None:
        raw, heard = self._raw[begin : begin + n], self._hop[begin : begin + n]
        np.clip(audio_in, -LOUDEST, LOUDEST, out=raw)
        np.copyto(raw, 0.0, where=np.isnan(raw))
        np.multiply(raw, np.float32(self._gain), out=heard)
        first, at_once = self._ear.clock, self.params.live["trigger"] >= 0.5
        begun = self._ear.take(heard)
        if begun is not None:
            self._notice(begun, first, at_once)
        for known in self._ear.known():
            self._answer(known, first, at_once)

    def _notice(self, begun: Begun, first: int, at_once: bool) -> None:
        """A hit has begun, of which no more is known than its level."""
        loudness = self._levels.place(np.array([begun.level_db]))[0]
        if at_once:
            self._strike(self._as_loud_as(loudness), begun.noticed - first)

    def _answer(self, known: Known, first: int, at_once: bool) -> None:
        """All the features of a hit are known now."""
        features = self._scale.place(known.features)
        self.meter.strike(known.begun.rise_db, known.features)
        if not at_once:
            self._strike(features - self._mapper.reference, known.due - first)

    def _as_loud_as(self, loudness: float) -> Features:
        """The difference of a hit of which nothing else is known, 0..1."""
        difference = NO_DIFFERENCE.copy()
        difference[0] = loudness - self._mapper.reference[0]
        return difference

    def _strike(self, difference: Features, after: int) -> None:
        """Begin a hit, so many samples from the first of the piece on."""
        live, hits = self.params.live, self._snare.hits
        knobs = to_norms([live[name] for name in NAMES])
        dampings = np.array([live[name] for name in DAMPING_NAMES])
        turned = live["sensitivity"] * dampings * self._mapper.movement(difference)
        if live["choke"] >= 0.5 or self._is_hurried:
            hits.choke(after)
        hits.strike(from_norms(knobs + turned).tolist(), after)
