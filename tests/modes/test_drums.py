"""Mode drums from the inside: when hits sound, how far they move the drum, and what else strikes it."""

from dataclasses import replace

import numpy as np
import pytest

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.hit_features import WINDOW, HitFeatures, hit_features
from ddsp_pi.dsp.native_snare import make_snare
from ddsp_pi.dsp.onset import Onset
from ddsp_pi.dsp.onset_settings import MODES
from ddsp_pi.dsp.snare_params import DEFAULTS, HIGH, LOW, NAMES, to_norms
from ddsp_pi.dsp.yardstick import MIDDLE, Levels
from ddsp_pi.frame import HOP, SAMPLE_RATE, Note
from ddsp_pi.models.drum_library import PLAIN, open_mapper
from ddsp_pi.modes.drum_mapping import MapperDecoder
from ddsp_pi.modes.drum_params import DAMPING_NAMES
from ddsp_pi.modes.drums import DrumsMode
from tests.drums import hit_of, pad, play
from tests.playing import engine as limited
from tests.playing import gate, ns, sing

BLOCKS = (16, 37, 128, 1000, 2048)


class Through:
    """An output stage that changes nothing."""

    peak = rejected = 0

    def process(self, out):
        return bool(np.isfinite(out).all())


def engine(mode, **scripts):
    """As it plays, but for limiter and offset filter: what the mode makes comes out."""
    playing = limited(mode, **scripts)
    playing._output = Through()
    return playing


class Told:
    """A detector that knows beforehand; each onset is noticed with so many more samples."""

    floor_db = -80.0

    def __init__(self, at, late=1):
        self._at, self._late = at, late
        self.tuned = []
        self.reset()

    def reset(self):
        self._clock = 0

    def tune(self, settings):
        self.tuned.append(settings)

    def hear(self, piece):
        begin, self._clock = self._clock, self._clock + len(piece)
        noticed = [at for at in self._at if begin < at + self._late <= self._clock]
        return Onset(noticed[0], noticed[0] + self._late, -20.0, 20.0, 1.0) if noticed else None


class Turning:
    """A mapper that always turns all knobs as far, and one that remembers what it was asked."""

    reference, ranges = None, {}

    def __init__(self, by=0.0):
        self._by = by
        self.asked = []

    def movement(self, difference):
        self.asked.append(difference)
        return np.full(len(NAMES), self._by)


class Struck:
    """What the drum was struck with."""

    def __init__(self, mode, monkeypatch, arriving=False):
        self.values, self.chokes = [], []
        sounds = mode._sounds
        hits = (sounds._wanted if arriving else sounds._playing)._snare.hits
        strike, choke = hits.strike, hits.choke

        def note(values, after=0):
            self.values.append(np.array(values))
            strike(values, after)

        def noted(after=0):
            self.chokes.append(after)
            choke(after)

        monkeypatch.setattr(hits, "strike", note)
        monkeypatch.setattr(hits, "choke", noted)


def drums(detector=None, mapper=None, **params):
    mode = DrumsMode(mapper and MapperDecoder(mapper), detector)
    for name, value in params.items():
        mode.params.set(name, value)
    return mode


def plain():
    return open_mapper(PLAIN).mapper


def first_sound(audio):
    return int(np.flatnonzero(audio)[0])


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("late", [1, 13, 200])
def test_a_hit_sounds_256_samples_after_its_onset_in_blocks_of_any_size(block, late):
    for at in (0, 1, HOP - 1, HOP, 5000, 12_345):
        made = sing(engine(drums(Told([at], late))), np.zeros(16_000), block)
        assert first_sound(made) == at + 256 == at + WINDOW


@pytest.mark.parametrize("block", BLOCKS)
def test_without_listening_it_sounds_on_the_sample_that_shows_the_onset(block):
    for at in (0, 127, 128, 777):
        made = sing(engine(drums(Told([at], 5), trigger=1)), np.zeros(4000), block)
        assert first_sound(made) == at + 5


def test_whole_phrases_are_the_same_in_blocks_of_any_size():
    heard = pad(np.arange(0.1, 2.0, 0.11), 2.2, (0.0, -12.0, -6.0))
    wanted = sing(engine(drums()), heard)
    assert np.abs(wanted).max() > 0.1
    for block in BLOCKS:
        np.testing.assert_allclose(sing(engine(drums()), heard, block), wanted, atol=2e-6)


def test_each_hit_of_a_pad_is_found_and_answered():
    times_s = np.arange(0.1, 2.0, 0.15)
    mode, heard = drums(), pad(times_s, 2.2, (0.0, -15.0))
    made, at_first = sing(engine(mode), heard), round(times_s[0] * SAMPLE_RATE)
    assert mode.meter.hit.number == len(times_s)
    assert at_first + 256 <= first_sound(made) <= at_first + 256 + 12


def test_a_gate_sounds_on_its_sample_and_is_the_drum_as_it_is():
    at = 1000 + 37
    made = sing(engine(drums(), edges=gate(at / SAMPLE_RATE, 0.5)), np.zeros(SAMPLE_RATE))
    assert first_sound(made) == at
    snare = make_snare()
    play(snare, at)
    wanted = hit_of(snare, DEFAULTS, SAMPLE_RATE - at)
    np.testing.assert_allclose(made[at:], wanted, atol=1e-6)


def test_other_gates_and_a_gate_that_closes_strike_nothing():
    events = (*gate(0.1, 0.2, number=2),)
    assert not sing(engine(drums(), edges=events), np.zeros(SAMPLE_RATE // 2)).any()
    made = sing(engine(drums(), edges=gate(0.0, 0.45)), np.zeros(SAMPLE_RATE))
    assert np.abs(made[round(0.45 * SAMPLE_RATE) :]).max() < 1e-3


def test_a_key_sounds_on_its_sample_and_the_harder_the_louder():
    peaks, at = [], 2222
    for velocity in (0.1, 0.3, 0.5, 0.8, 1.0):
        notes = Note(38, velocity, ns(at / SAMPLE_RATE)), Note(38, 0.0, ns(0.2))
        made = sing(engine(drums(), notes=notes), np.zeros(SAMPLE_RATE // 2))
        assert first_sound(made) == at
        peaks.append(np.abs(made).max())
    assert peaks == sorted(peaks)
    assert peaks[-1] > 4.0 * peaks[0]


def test_keys_ask_the_mapper_for_loudness_alone(monkeypatch):
    mapper = Turning()
    sing(engine(drums(mapper=mapper), notes=(Note(38, 0.8, 0),)), np.zeros(HOP))
    np.testing.assert_allclose(mapper.asked, [[0.8 - MIDDLE, 0.0, 0.0]])


@pytest.mark.parametrize("preset", DRUM_PRESETS)
def test_at_sensitivity_0_every_hit_is_the_drum_as_it_is(preset, monkeypatch):
    values = dict(zip(NAMES, DRUM_PRESETS[preset].values, strict=True))
    mode = drums(mapper=Turning(0.3), sensitivity=0.0, **values)
    struck = Struck(mode, monkeypatch)
    sing(engine(mode), pad((0.1, 0.3, 0.5), 0.7, (0.0, -20.0)))
    assert len(struck.values) == 3
    np.testing.assert_allclose(struck.values, [DRUM_PRESETS[preset].values] * 3, rtol=1e-9)


def moved(monkeypatch, **params):
    """How far the knobs were turned for a hit."""
    mode = drums(mapper=Turning(0.02), detector=Told([500]), **params)
    struck = Struck(mode, monkeypatch)
    sing(engine(mode), np.zeros(2000))
    return to_norms(struck.values[0]) - to_norms(DEFAULTS)


def test_twice_the_sensitivity_moves_twice_as_far_until_the_ends_hold_it(monkeypatch):
    once, twice, far = (moved(monkeypatch, sensitivity=by) for by in (1.0, 2.0, 4.0))
    free = np.abs(once) > 0.01
    assert free.sum() == 12  # two are damped to a hundredth
    np.testing.assert_allclose(once[free], 0.02, atol=1e-9)
    np.testing.assert_allclose(twice, 2.0 * once, atol=1e-9)
    held = to_norms(DEFAULTS) + 4.0 * 0.02 > 1.0
    np.testing.assert_allclose(far[~held], 4.0 * once[~held], atol=1e-9)


def test_knobs_stay_between_their_ends(monkeypatch):
    mode = drums(mapper=Turning(0.9), detector=Told([500, 900]), sensitivity=4.0)
    struck = Struck(mode, monkeypatch)
    sing(engine(mode), np.zeros(2000))
    assert ((struck.values[0] >= LOW) & (struck.values[0] <= HIGH)).all()


def test_a_damping_of_0_holds_its_parameter_alone(monkeypatch):
    by = moved(monkeypatch, drive_damping=0.0, osc1_freq_damping=0.5)
    assert by[NAMES.index("drive")] == 0.0
    assert by[NAMES.index("osc1_freq")] == pytest.approx(0.01)
    assert by[NAMES.index("noise_q")] == pytest.approx(0.02)
    assert len(DAMPING_NAMES) == len(NAMES)


def test_a_cable_moves_a_parameter_of_the_drum(monkeypatch):
    mode = drums(detector=Told([500]), sensitivity=0.0)
    struck = Struck(mode, monkeypatch)
    sing(engine(mode, drive=lambda params, _: params.drive("osc1_freq", 333.0)), np.zeros(2000))
    assert struck.values[0][NAMES.index("osc1_freq")] == pytest.approx(333.0)


def test_dry_and_wet_mix_at_equal_power():
    heard = pad((0.1, 0.4), 0.8)
    wet = sing(engine(drums(dry_wet=1.0)), heard).astype(np.float64)
    for dry_wet in (0.0, 0.3, 0.5, 0.8, 1.0):
        made = sing(engine(drums(dry_wet=dry_wet)), heard)
        angle = dry_wet * np.pi / 2.0
        np.testing.assert_allclose(made, np.cos(angle) * heard + np.sin(angle) * wet, atol=2e-6)


def test_dry_is_what_comes_in_without_a_sample_s_delay():
    heard = pad((0.1,), 0.3)
    np.testing.assert_allclose(sing(engine(drums(dry_wet=0.0)), heard), heard, atol=1e-7)


def test_choke_ends_what_rings_when_the_next_hit_begins(monkeypatch):
    long_ms = {"osc1_decay": 2000.0, "osc2_decay": 2000.0, "noise_decay": 2000.0, "noise_gain": -60.0}
    short_ms = {"osc1_decay": 10.0, "osc2_decay": 10.0, "noise_decay": 10.0}

    def drive(params, seconds):
        for name, value in (long_ms if seconds < 0.05 else short_ms).items():
            params.drive(name, value)

    edges = (*gate(0.01, 0.02), *gate(0.1, 0.11))
    left = {}
    for choke in (0.0, 1.0):
        made = sing(engine(drums(choke=choke), edges=edges, drive=drive), np.zeros(SAMPLE_RATE // 2))
        left[choke] = np.abs(made[round(0.2 * SAMPLE_RATE) :]).max()
    assert left[0.0] > 0.02
    assert left[1.0] < 1e-5


def test_choke_lets_ring_until_the_very_sample_of_the_next_hit(monkeypatch):
    mode = drums(detector=Told([500]), choke=1.0)
    struck = Struck(mode, monkeypatch)
    sing(engine(mode), np.zeros(2000), 2000)
    assert struck.chokes == [(500 + WINDOW) % HOP]


def test_panic_ends_what_rings_and_what_was_about_to_sound():
    playing = engine(drums(detector=Told([100, 9_000])), edges=gate(0.0))
    before = sing(playing, np.zeros(HOP))
    assert np.abs(before).max() > 0.01
    playing.release()
    after = sing(playing, np.zeros(8000))
    assert not after[200:].any()
    assert sing(playing, np.zeros(8000)).any()


def test_a_reset_is_silence_and_what_comes_is_as_after_a_start():
    heard = pad((0.1, 0.2, 0.3), 0.5, (0.0, -10.0))
    mode = drums()
    playing = engine(mode)
    first = sing(playing, heard)
    mode.reset()
    assert mode.meter.hit is None
    np.testing.assert_allclose(sing(playing, heard), first, atol=1e-7)


def test_going_up_relearn_forgets_the_range_once():
    mapper = Turning()
    mode = drums(mapper=mapper)
    playing, hits = engine(mode), pad((0.1, 0.3), 0.5, (0.0, -20.0))
    sing(playing, hits)
    mode.params.set("relearn", 1.0)
    sing(playing, hits)
    sing(playing, hits)
    loudnesses = [difference[0] for difference in mapper.asked]
    assert loudnesses[:4] == [0.0, -0.5, 0.0, -0.5]
    assert loudnesses[4] > 0.4


def test_a_mapper_s_reference_and_ranges_are_what_hits_are_measured_by():
    heard = pad((0.1,), 0.3)
    at = round(0.1 * SAMPLE_RATE)
    features = hit_features(heard[at : at + WINDOW])
    mapper = Turning()
    mapper.reference = replace(features, loudness_db=features.loudness_db - 10.0)
    mapper.ranges = {"loudness_db": [features.loudness_db - 30.0, features.loudness_db + 10.0]}
    sing(engine(drums(Told([at]), mapper)), heard)
    np.testing.assert_allclose(mapper.asked, [[0.25, 0.0, 0.0]], atol=1e-6)


def test_levels_lie_between_the_softest_and_the_loudest():
    levels = Levels()
    assert [levels.place(db) for db in (-20.0, -30.0, -25.0, -10.0)] == [MIDDLE, 0.0, 0.5, 1.0]


def test_a_louder_hit_is_louder_and_a_brighter_one_brighter():
    levels_db = np.array([-3.0, -24.0, -9.0, -15.0, -18.0, -6.0, -21.0, -12.0, 0.0])
    times_s = 0.1 + 0.3 * np.arange(len(levels_db))
    heard = pad(times_s, 3.2, levels_db)
    made = sing(engine(drums()), heard)
    # the first two give the range
    peaks = [np.abs(made[round(t * SAMPLE_RATE) :][:9600]).max() for t in times_s[2:]]
    rank = np.corrcoef(np.argsort(np.argsort(peaks)), np.argsort(np.argsort(levels_db[2:])))[0, 1]
    assert rank >= 0.9


def test_a_louder_hit_is_louder_without_listening_too():
    levels_db = np.array([0.0, -27.0, -9.0, -18.0, -24.0, -3.0, -21.0, -12.0])
    times_s = 0.1 + 0.3 * np.arange(len(levels_db))
    made = sing(engine(drums(trigger=1)), pad(times_s, 2.8, levels_db))
    peaks = [np.abs(made[round(t * SAMPLE_RATE) :][:9600]).max() for t in times_s[2:]]
    rank = np.corrcoef(np.argsort(np.argsort(peaks)), np.argsort(np.argsort(levels_db[2:])))[0, 1]
    assert rank >= 0.8


def test_another_mapper_counts_from_the_next_hit_on(monkeypatch):
    mode, other = drums(detector=Told([500, 1500])), Turning(0.1)
    struck = Struck(mode, monkeypatch)
    playing = engine(mode)
    sing(playing, np.zeros(1024))
    assert len(struck.values) == 1
    mode.use(MapperDecoder(other))
    after = Struck(mode, monkeypatch, arriving=True)
    sing(playing, np.zeros(1024))
    assert len(struck.values) == 1
    assert (to_norms(after.values)[0] - to_norms(DEFAULTS))[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("changes", [1, 2, 5])
def test_what_rings_goes_on_without_a_click_when_the_mapper_changes(changes):
    long_ms = {"osc1_decay": 2000.0, "osc2_decay": 2000.0, "noise_gain": -60.0}
    whole = sing(engine(drums(**long_ms), edges=gate(0.01)), np.zeros(9600))
    mode = drums(**long_ms)
    playing = engine(mode, edges=gate(0.01))
    made = [sing(playing, np.zeros(4800))]
    for _ in range(changes):
        mode.use(MapperDecoder(plain()))
        made.append(sing(playing, np.zeros(480)))
    made = np.concatenate([*made, sing(playing, np.zeros(9600))])
    if changes == 1:
        np.testing.assert_allclose(made[:9600], whole, atol=1e-6)
    else:
        assert np.abs(made[-480:]).max() < 1e-6, "choked by the second change"
    assert np.abs(np.diff(made, 2)).max() <= 1.05 * np.abs(np.diff(whole, 2)).max()


def test_a_choke_ends_what_a_sound_that_was_left_is_ringing():
    mode = drums(osc1_decay=2000.0, osc2_decay=2000.0, choke=1.0)
    playing = engine(mode, edges=(*gate(0.01, 0.02), *gate(0.1, 0.11)))
    sing(playing, np.zeros(2048))
    mode.use(MapperDecoder(plain()))
    mode.params.set("osc1_gain", -60.0)
    for name in ("osc2_gain", "noise_gain"):
        mode.params.set(name, -60.0)
    before = sing(playing, np.zeros(2048))
    after = sing(playing, np.zeros(4096))
    assert np.abs(before).max() > 0.05
    assert np.abs(after[-1024:]).max() < 1e-3


def test_the_meter_tells_the_level_and_the_last_hit():
    mode, heard = drums(input_gain=6.0), pad((0.1, 0.3), 0.5, (0.0, -12.0))
    sing(engine(mode), heard)
    at = round(0.3 * SAMPLE_RATE)
    features = hit_features(heard[at : at + WINDOW])
    hit = mode.meter.hit
    assert hit.number == 2
    assert hit.rise_db >= MODES["normal"].on_db
    assert hit.loudness_db == pytest.approx(features.loudness_db + 6.02, abs=1.0)
    assert hit.centroid == pytest.approx(features.centroid, abs=1.0)
    assert mode.meter.level > 0.1
    assert not mode.meter.clipped


def test_broken_input_breaks_nothing():
    heard = pad((0.1, 0.3, 0.5), 0.7)
    heard[5000:5004] = np.nan, np.inf, -np.inf, 1e30
    made = sing(engine(drums(dry_wet=0.5)), heard)
    assert np.isfinite(made).all()
    assert np.abs(made[round(0.5 * SAMPLE_RATE) :]).max() > 0.05


def test_without_time_a_hit_ends_those_before_it(monkeypatch):
    mode = drums(detector=Told([100, 800]))
    struck = Struck(mode, monkeypatch)
    mode.shed(30, None)
    playing = engine(mode)
    sing(playing, np.zeros(512))
    assert struck.chokes == []
    mode.shed(30, 4)
    sing(playing, np.zeros(1024))
    assert len(struck.chokes) == 1


def test_20_hits_a_second_go_on_without_drift_and_without_slowing_numbers():
    times_s = np.arange(0.05, 60.0, 0.05)
    told = [round(t * SAMPLE_RATE) for t in times_s]
    mode = drums(detector=Told(told), noise_decay=40.0, osc1_decay=30.0, osc2_decay=30.0, osc2_gain=-60.0)
    made = sing(engine(mode), np.zeros(60 * SAMPLE_RATE + 1024), 1024)
    assert np.isfinite(made).all()
    for at in (told[0], told[600], told[-1]):
        quiet, loud = made[at + 256 - 8 : at + 256], made[at + 256 : at + 256 + 96]
        assert np.abs(quiet).max() < 1e-3 < 0.1 < np.abs(loud).max()
    table = mode._sounds._playing._snare.hits.table
    assert not ((np.abs(table) > 0.0) & (np.abs(table) < 1e-300)).any()


def test_the_detector_is_tuned_as_the_parameters_say():
    detector = Told([])
    mode = drums(detector=detector)
    playing = engine(mode)
    sing(playing, np.zeros(3 * HOP))
    assert detector.tuned == [MODES["normal"]]
    mode.params.set("onset_mode", 2.0)
    mode.params.set("onset_hold", 40.0)
    sing(playing, np.zeros(3 * HOP))
    assert detector.tuned[1:] == [replace(MODES["roll"], hold_ms=40.0)]


def test_the_plain_mapper_turns_nothing_for_the_usual_hit():
    assert not plain().movement(np.zeros(3)).any()


def learning(**params):
    """A mode that has heard two bars, and what its mapper was asked."""
    mapper = Turning()
    mapper.reference, mapper.ranges = HitFeatures(-50.0, 95.0, -70.0), {"loudness_db": [-60.0, 0.0]}
    mode = drums(mapper=mapper, **params)
    sing(engine(mode), pad(0.1 + 0.2 * np.arange(16), 3.4, (0.0, -6.0, -12.0, -18.0)))
    return mode, mapper


def test_what_was_learned_is_kept_taken_again_and_told():
    mode, mapper = learning()
    measures = mode.measures
    assert measures.keys() == {"loudness_db", "centroid", "flatness_db", "peak_db"}
    assert measures == mode.meter.measures
    assert measures["loudness_db"][0] == -60.0
    assert measures["loudness_db"][1] > -40.0, "the usual one is not the mapper's any more"
    other = drums(mapper=mapper, learn=0.0)
    other.measure_by(measures)
    assert other.measures == other.meter.measures == measures
    sing(engine(other), pad((0.1, 0.3), 0.5, (0.0, -40.0)))
    assert other.measures == measures, "held"


def test_held_from_the_start_a_mapper_s_own_measures_count():
    mode, mapper = learning(learn=0.0)
    assert mode.measures == {}
    hit = mode.meter.hit
    assert mapper.asked[-1][0] == pytest.approx((hit.loudness_db + 50.0) / 60.0)


def test_another_mapper_measures_by_what_was_learned():
    mode, _ = learning()
    before = mode.measures
    other = Turning()
    other.reference, other.ranges = HitFeatures(-50.0, 80.0, -50.0), {"loudness_db": [-70.0, 0.0]}
    mode.use(MapperDecoder(other))
    sing(engine(mode), np.zeros(512))
    assert mode.measures["loudness_db"] == [-70.0, before["loudness_db"][1], 0.0]
