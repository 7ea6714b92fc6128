"""Mode drums: each hit that is heard, and each gate and key, strikes a drum or an instrument in its own way.

After J. Shier, C. Saitis, A. Robertson and A. McPherson, "Real-time timbre remapping with differentiable DSP"
(NIME 2024): a mapper turns the knobs of the synthesizer by how a hit differs from the usual one.
"""

import numpy as np

from ddsp_pi.dsp.hit_features import Hit, HitListener
from ddsp_pi.dsp.native_onset import make_onsets
from ddsp_pi.dsp.onset import OnsetDetector
from ddsp_pi.dsp.pitch import LOUDEST
from ddsp_pi.dsp.yardstick import MIDDLE, Measures, Yardstick
from ddsp_pi.frame import HOP, ControlFrame, Edge, Event
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.models.drum_library import PLAIN, open_mapper
from ddsp_pi.modes.blend import Blend
from ddsp_pi.modes.changing_sounds import ChangingSounds
from ddsp_pi.modes.drum_mapping import ByEachOther, MapperDecoder, Measure
from ddsp_pi.modes.drum_params import PARAMS, Ask, Rising, asked
from ddsp_pi.modes.drum_sound import Array, DrumSound, Strike
from ddsp_pi.modes.meter import Meter
from ddsp_pi.modes.outside import Outside
from ddsp_pi.modes.snare_sound import SnareSound
from ddsp_pi.modes.struck import StruckSound
from ddsp_pi.params import ParamSet

FULL_SCALE, CLIPPED = 0.999, 3
"""So many samples of a hop at full scale were cut off there."""

STRIKING_GATE = 1


class DrumsMode:
    """A drum that is struck by what comes in, by gate 1 and by keys.

    A hit that is heard sounds 256 samples after its onset, whatever the blocks are, or with `trigger` at 1
    behind the samples that showed it. Gates and keys sound on their own sample.
    """

    def __init__(self, decoder: Decoder | None = None, detector: OnsetDetector | None = None) -> None:
        """`decoder`: what is struck, see `sound_of`; left out: the drum, with the mapper that fits any."""
        decoder = decoder or MapperDecoder(open_mapper(PLAIN).mapper)
        self.params = ParamSet(PARAMS)
        self.outside, self.meter = Outside(), Meter()
        self._ear = HitListener(detector or make_onsets())
        self._yardstick = yardstick_for(decoder)
        self._arriving: Measure | None = None
        self._sounds, self._blend = ChangingSounds(sound_of(decoder, self.params)), Blend()
        self._relearn = Rising(self.params, "relearn")
        self._raw, self._hop = np.zeros((2, HOP), np.float32)
        self._asked: Ask | None = None
        self._is_hurried = False
        self.reset()

    def use(self, decoder: Decoder) -> None:
        """See Mode; what rings goes on as it was struck."""
        self._arriving = measure_of(decoder)
        self._sounds.use(sound_of(decoder, self.params))

    def measure_by(self, measures: Measures) -> None:
        """Know a drum that was played before; from the render loop, or before it begins.

        Raises:
            ConfigError: they are no measures; nothing has changed then.
        """
        self._yardstick.load(measures)
        self._tell()

    @property
    def measures(self) -> Measures:
        """What was learned of the drum that is played; empty: it has not been yet."""
        return self._yardstick.save()

    def shed(self, partials: int | None, voices: int | None) -> None:
        """See Mode; without time for many voices a hit ends those before it."""
        self._is_hurried = voices is not None
        self._sounds.limit(partials)

    def reset(self) -> None:
        """See Mode; what was learned since the start, or since a drum was recalled, is forgotten."""
        for part in (self._ear, self._yardstick, self._sounds, self._blend):
            part.reset()
        self.meter.reset()
        self._tell()
        self.outside.reset()
        self._raw[:] = 0.0
        self._hop[:] = 0.0
        self._gain = 1.0
        self._heard = 0
        self._deaf_until = 0

    def release(self) -> None:
        """See Mode; what rings ends too, for nobody holds it, and what was just hit does not sound."""
        self._deaf_until = self._heard
        self._sounds.choke(0)

    def render(self, frame: ControlFrame, audio_in: Array, out: Array) -> None:
        """See Mode."""
        begin, n = frame.position, len(out)
        if begin == 0:
            self._begin_hop()
        for event in frame.events:
            self._play(event)
        self._listen(audio_in, begin, n)
        out[:] = self._sounds.render(begin, n)
        self._blend.mix(begin, audio_in, out)
        self.outside.sounding = self._sounds.ringing

    def _begin_hop(self) -> None:
        live = self.params.live
        self._sounds.begin_hop()
        self._learn_on()
        self._look_at_level()
        self._gain = 10.0 ** (live["input_gain"] / 20.0)
        self._blend.aim(live["dry_wet"], self._gain)
        ask = asked(self.params)
        if ask != self._asked:
            self._asked = ask
            self._ear.onsets.tune(ask.settings())

    def _learn_on(self) -> None:
        """Of the drum that is played, if it is to be learned; for the mapper that is there now."""
        yardstick, arriving = self._yardstick, self._arriving
        if arriving is not None:
            self._arriving = None
            yardstick.begin_with(arriving.ranges, arriving.reference)
        yardstick.learning = self.params.live["learn"] >= 0.5
        if self._relearn.look():
            yardstick.relearn()
            self._tell()

    def _tell(self) -> None:
        self.meter.measures = self.measures

    def _look_at_level(self) -> None:
        """Of the hop that is over."""
        sizes = np.abs(self._raw)
        clipped = int(np.count_nonzero(sizes >= FULL_SCALE)) >= CLIPPED
        self.meter.take(self._raw, float(sizes.max()), clipped, self._gain)

    def _play(self, event: Event) -> None:
        """A gate plays the drum as it is, a key as loud as it was struck."""
        if event.standing:
            return
        if isinstance(event, Edge):
            if event.gate == STRIKING_GATE and event.high:
                self._strike(Strike(), 0)
        elif event.velocity > 0.0:
            self._strike(Strike(_as_loud_as(event.velocity), note=event.note), 0)

    def _listen(self, audio_in: Array, begin: int, n: int) -> None:
        raw, hop = self._raw[begin : begin + n], self._hop[begin : begin + n]
        np.clip(audio_in, -LOUDEST, LOUDEST, out=raw)
        np.copyto(raw, 0.0, where=np.isnan(raw))
        np.multiply(raw, np.float32(self._gain), out=hop)
        first, at_once = self._heard, self.params.live["trigger"] >= 0.5
        self._heard += n
        onset, hits = self._ear.hear(hop)
        if onset is not None:
            loudness = self._yardstick.loudness(onset.peak_db)
            if at_once:
                self._strike(Strike(_as_loud_as(loudness)), onset.heard_at - first)
        for hit in hits:
            self._answer(hit, first, at_once)

    def _answer(self, hit: Hit, first: int, at_once: bool) -> None:
        """All the features of a hit are known now."""
        if hit.onset.heard_at <= self._deaf_until:
            return
        difference = self._yardstick.difference(hit.features)
        self._tell()
        self.meter.strike(hit.onset.rise_db, hit.features)
        if not at_once:
            self._strike(Strike(difference, hit.features), max(hit.ready_at - first, 0))

    def _strike(self, hit: Strike, after: int) -> None:
        """Begin a hit, so many samples from the first of the piece on."""
        if self.params.live["choke"] >= 0.5 or self._is_hurried:
            self._sounds.choke(after)
        self._sounds.strike(hit, after)


def yardstick_for(decoder: Decoder) -> Yardstick:
    """What hits are measured by at first."""
    measure = measure_of(decoder)
    return Yardstick(measure.ranges, measure.reference)


def sound_of(decoder: Decoder, params: ParamSet) -> DrumSound:
    """What hits strike: the drum, if a mapper stands there for a decoder, or else an instrument."""
    if isinstance(decoder, MapperDecoder):
        return SnareSound(decoder.mapper, params)
    return StruckSound(decoder, params)


def measure_of(decoder: Decoder) -> Measure:
    """What hits are measured by: for an instrument, by each other."""
    return decoder.mapper if isinstance(decoder, MapperDecoder) else ByEachOther()


def _as_loud_as(loudness: float) -> tuple[float, float, float]:
    """The difference of a hit of which nothing but its loudness is known, 0..1."""
    return loudness - MIDDLE, 0.0, 0.0
