"""An instrument that hits strike: when its notes begin, how loud, how bright, how high, and how they end."""

import numpy as np
import pytest

from ddsp_pi.frame import HOP, SAMPLE_RATE, ControlFrame, Edge, Note
from ddsp_pi.models.library import open_instrument
from ddsp_pi.modes.drum_params import PARAMS
from ddsp_pi.modes.drum_sound import Strike
from ddsp_pi.modes.drums import DrumsMode
from ddsp_pi.modes.strings import strings_for
from ddsp_pi.modes.struck import StruckSound
from ddsp_pi.native.library import choose
from ddsp_pi.params import ParamSet
from tests.drumming import hits_of, true_onset
from tests.drums import pad
from tests.playing import pitch_of
from tests.references import blocks

PIECES = (HOP, 37, 16, 1)
IN_RANGE = {"violin": 69, "guitar": 52, "voice": 55, "style-guitar": 57}


def sound(name="violin", voices=1, **params):
    """An instrument at a pitch it knows, and the parameters that it reads."""
    values = {"note": IN_RANGE[name], "decay": 0.5, "loudness": -9.0, **params}
    params = ParamSet(PARAMS)
    for param, value in values.items():
        params.set(param, value)
    struck = StruckSound(open_instrument(name).decoder(strings_for(voices)), params)
    struck.params = params
    return struck


def play(struck, seconds, strikes=(), size=HOP, turn=None):
    """`strikes`: samples and what happens there; None chokes. `turn(params, sample)` before each piece."""
    out = np.empty(round(seconds * SAMPLE_RATE), np.float32)
    for at in blocks(len(out), (size,)):
        for sample, hit in strikes:
            if at.start <= sample < at.stop:
                after = sample - at.start
                struck.choke(after) if hit is None else struck.strike(hit, after)
        if turn:
            turn(struck.params, at.start)
        out[at] = struck.render(at.start % HOP, at.stop - at.start)
    return out


def hit(louder=0.0, brighter=0.0, note=None):
    return Strike((louder, brighter, 0.0), note=note)


def hertz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def cents(audio, note):
    return 1200.0 * np.log2(pitch_of(audio, hertz(note)) / hertz(note))


def level_db(audio):
    return 20.0 * np.log10(np.sqrt(np.mean(audio.astype(np.float64) ** 2)) + 1e-12)


def centroid(audio):
    magnitudes = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    return magnitudes @ np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE) / magnitudes.sum()


def rank_correlation(one, other):
    return np.corrcoef(np.argsort(np.argsort(one)), np.argsort(np.argsort(other)))[0, 1]


def first_sound(audio):
    return int(np.flatnonzero(audio)[0])


def one_by_one(struck, hits):
    """What is heard of each, 0.3 s long, struck at ever another place of a hop when the last has gone."""
    every = SAMPLE_RATE + 37
    strikes = [(4000 + turn * every, strike) for turn, strike in enumerate(hits)]
    made = play(struck, (4000 + every * len(hits)) / SAMPLE_RATE, strikes)
    return [made[at : at + round(0.3 * SAMPLE_RATE)] for at, _ in strikes]


@pytest.mark.parametrize("name", IN_RANGE)
def test_the_louder_the_hit_the_louder_the_note(name):
    louder = np.random.default_rng(1).permutation(np.linspace(-0.5, 0.5, 20))
    levels = [level_db(note) for note in one_by_one(sound(name), [hit(by) for by in louder])]
    assert rank_correlation(louder, levels) >= 0.9
    assert 20.0 < max(levels) - min(levels) < 40.0


@pytest.mark.parametrize("name", IN_RANGE)
def test_the_brighter_the_hit_the_brighter_the_note_and_as_loud(name):
    brighter = np.random.default_rng(2).permutation(np.linspace(-0.5, 0.5, 20))
    notes = one_by_one(sound(name), [hit(brighter=by) for by in brighter])
    centroids = [centroid(note) for note in notes]
    assert rank_correlation(brighter, centroids) >= 0.8
    assert max(centroids) > 1.2 * min(centroids)
    levels = [level_db(note) for note in notes]
    assert max(levels) - min(levels) < 6.0


@pytest.mark.parametrize("name", IN_RANGE)
def test_at_sensitivity_0_all_hits_are_alike(name):
    different = [hit(0.5, 0.5), hit(-0.5, -0.5), hit(0.2, -0.4)]
    notes = one_by_one(sound(name, sensitivity=0.0, noise=0.0), different)
    for note in notes[1:]:
        assert level_db(note - notes[0]) < level_db(notes[0]) - 15.0


@pytest.mark.parametrize("size", PIECES)
def test_a_note_begins_on_its_sample_in_pieces_of_any_size(size):
    for at in (4000, 4096 - 1, 4096, 4096 + 1, 4100):
        made = play(sound(), 0.2, [(at, hit(0.3, 0.3))], size)
        assert first_sound(made) == at


@pytest.mark.parametrize("size", PIECES[1:])
def test_phrases_are_the_same_in_pieces_of_any_size(size):
    strikes = [(1000 * turn + 7 * turn**2, hit(0.1 * turn - 0.3, 0.1 * turn)) for turn in range(8)]
    wanted = play(sound(), 0.3, strikes)
    np.testing.assert_allclose(play(sound(), 0.3, strikes, size), wanted, atol=1e-4)
    assert np.abs(wanted).max() > 0.05


def test_a_strike_behind_the_last_sample_of_a_piece_begins_with_the_next():
    struck = sound()
    struck.strike(hit(), HOP)
    assert struck.ringing
    assert not struck.render(0, HOP).any()
    assert struck.render(0, HOP)[0] != 0.0


@pytest.mark.parametrize("kernel", ["numpy", "native"])
def test_its_first_period_comes_as_soon_at_any_moment(kernel):
    with choose(kernel):
        notes = one_by_one(sound("guitar", note=45, noise=0.0), [hit()] * 12)
    loud = [np.flatnonzero(np.abs(note) > 0.4 * np.abs(note).max())[0] for note in notes]
    assert max(loud) - min(loud) <= 0.0001 * SAMPLE_RATE
    assert max(loud) < 0.001 * SAMPLE_RATE


@pytest.mark.parametrize("note", [62, 67, 71, 76, 81])
@pytest.mark.parametrize("way", ["cable", "key", "tune"])
def test_a_note_has_its_pitch(note, way):
    params = {"cable": {"note": note}, "key": {"note": 60}, "tune": {"note": note - 5, "tune": 5}}[way]
    struck = sound(decay=3.0, **params)
    made = play(struck, 1.0, [(3333, hit(note=note if way == "key" else None))])
    assert abs(cents(made[5000:], note)) < 5.0


def test_a_pitch_that_comes_a_little_late_still_counts_and_a_later_one_does_not():
    def turn(params, sample):
        params.set("note", 60 if sample < 3400 else 66 if sample < 24_000 else 71)

    made = play(sound(decay=3.0), 1.0, [(3333, hit())], turn=turn)
    assert abs(cents(made[5000:], 66)) < 5.0


@pytest.mark.parametrize("decay", [0.1, 0.4, 1.5])
@pytest.mark.parametrize("name", ["violin", "voice"])
def test_it_falls_by_60_db_in_its_decay_and_then_there_is_silence(name, decay):
    struck, at = sound(name, decay=decay), 4800
    made = play(struck, 0.1 + 2.2 * decay, [(at, hit())])[at:]
    first, half = (
        made[round(t * SAMPLE_RATE) :][: round(0.05 * decay * SAMPLE_RATE)] for t in (0.05, 0.5 * decay)
    )
    expected = 60.0 * (0.5 * decay - 0.05) / decay
    assert level_db(first) - level_db(half) == pytest.approx(expected, abs=6.0)
    assert not struck.ringing
    assert np.abs(made[round(2.1 * decay * SAMPLE_RATE) :]).max() < 1e-5


def test_a_roll_of_20_hits_a_second_stays_where_it_is():
    every = SAMPLE_RATE // 20 + 1
    struck = sound("guitar", voices=2, decay=2.0)
    made = play(struck, 20.0, [(at, hit()) for at in range(0, 20 * SAMPLE_RATE, every)])
    assert np.isfinite(made).all()
    seconds = made.reshape(20, -1)
    peaks, levels = np.abs(seconds).max(axis=1)[1:], [level_db(second) for second in seconds[1:]]
    assert peaks.max() < 1.5 * peaks.min()
    assert max(levels) - min(levels) < 1.0
    assert peaks.max() < 3.0 * np.abs(play(sound("guitar"), 1.0, [(0, hit())])).max()


def test_a_reset_is_a_fresh_start():
    struck, strikes = sound(), [(2000, hit(0.2, 0.3)), (9000, hit())]
    wanted = play(sound(), 0.5, strikes)
    play(struck, 0.31, [(100, hit(0.5, -0.5)), (14_800, hit())])
    struck.strike(hit(), 60)
    struck.reset()
    assert not struck.ringing
    np.testing.assert_array_equal(play(struck, 0.5, strikes), wanted)


def test_a_choke_ends_what_was_struck_and_nothing_after_it():
    choked = play(sound(voices=2, decay=3.0), 0.6, [(1000, hit()), (3000, hit()), (12_000, None)])
    assert np.abs(choked[12_000 + 600 :]).max() < 1e-4
    again = play(sound(decay=3.0), 0.6, [(1000, hit()), (12_000, None), (12_000, hit())])
    assert level_db(again[13_000:]) > -40.0


def test_a_choke_ends_what_is_about_to_begin():
    struck = sound()
    struck.strike(hit(), HOP)
    struck.render(0, HOP)
    struck.choke(0)
    assert not play(struck, 0.1).any()
    assert not struck.ringing


def roughest(audio, sample):
    """The largest second difference around a sample: what a click raises."""
    return float(np.abs(np.diff(audio[sample - 480 : sample + 480].astype(np.float64), 2)).max())


@pytest.mark.parametrize("voices", [1, 4])
@pytest.mark.parametrize("after", [700, 5000])
def test_a_note_that_follows_another_clicks_no_more_than_one_in_silence(voices, after):
    at = 5000
    struck = sound(voices=voices, decay=3.0, noise=0.0)
    made = play(struck, 0.5, [(at, hit()), (at + after, hit(-0.2)), (at + 2 * after, None)])
    first = roughest(made, at)
    assert roughest(made, at + after) < 1.5 * first
    assert roughest(made, at + 2 * after) < 1.5 * first


def test_voices_ring_together_until_there_are_more_notes_than_voices():
    notes = (62, 69, 76)
    for voices, heard in ((1, notes[2:]), (2, notes[1:]), (3, notes)):
        strikes = [(3000 + 4000 * turn, hit(note=note)) for turn, note in enumerate(notes)]
        made = play(sound(voices=voices, decay=4.0), 0.8, strikes)[14_000:]
        magnitudes = np.abs(np.fft.rfft(made * np.blackman(len(made)), 1 << 18))
        strength = [magnitudes[round(hertz(note) * (1 << 18) / SAMPLE_RATE)] for note in notes]
        loudest = max(strength)
        assert [note for note, there in zip(notes, strength, strict=True) if there > 0.05 * loudest] == list(
            heard
        )


def test_more_strikes_at_once_than_strings_stay_bounded():
    struck = sound("guitar", decay=2.0)
    once = np.abs(play(struck, 0.5, [(1000, hit())])).max()
    struck.reset()
    strikes = [(1000 + 30 * turn, hit(note=45 + turn)) for turn in range(8)]
    made = play(struck, 0.5, strikes)
    assert 0.5 * once < np.abs(made).max() < 3.0 * once


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_hit_that_is_not_finite_strikes_nothing(broken):
    struck = sound()
    strikes = [(500, hit(broken)), (600, hit(0.0, broken)), (700, hit(note=broken))]
    assert not play(struck, 0.1, strikes).any()
    assert np.abs(play(struck, 0.1, [(500, hit())])).max() > 0.01


def test_far_beyond_all_ranges_it_is_still_a_sane_sound():
    for sign in (-1.0, 1.0):
        for name in IN_RANGE:
            made = play(sound(name, sensitivity=4.0, loudness=0.0), 0.2, [(500, hit(sign, sign))])
            assert np.isfinite(made).all()
            assert np.abs(made).max() < 30.0


def test_it_can_do_with_fewer_harmonics():
    struck = sound(noise=0.0)
    struck.limit(1)
    made = play(struck, 0.5, [(500, hit())])[2000:]
    assert centroid(made) == pytest.approx(hertz(69), rel=0.05)


class TestModeDrums:
    """With an instrument where the drum is."""

    def mode(self, name="violin", voices=1, **params):
        mode = DrumsMode(open_instrument(name).decoder(strings_for(voices)))
        for param, value in {"note": IN_RANGE[name], "decay": 0.3, "loudness": -9.0, **params}.items():
            mode.params.set(param, value)
        return mode

    def hear(self, mode, heard, size=HOP, events=(), at=0):
        out = np.empty(len(heard), np.float32)
        for piece in blocks(len(heard), (size,)):
            frame = ControlFrame(piece.start % HOP, tuple(events) if piece.start == at else ())
            mode.render(frame, heard[piece], out[piece])
        return out

    @pytest.mark.parametrize("size", [HOP, 37, 16])
    @pytest.mark.parametrize("trigger", [0.0, 1.0])
    def test_it_sounds_when_the_drum_would(self, size, trigger):
        heard = pad((0.1,), 0.3)
        drum = DrumsMode()
        drum.params.set("trigger", trigger)
        wanted = first_sound(self.hear(drum, heard))
        assert first_sound(self.hear(self.mode(trigger=trigger), heard, size)) == wanted

    @pytest.mark.parametrize("name", IN_RANGE)
    def test_a_real_snare_is_answered_as_loud_as_it_is_struck(self, name):
        struck, every = hits_of("12", "stick")[-1][:12_000], 40_001
        peaks_db = np.concatenate(
            [[0.0, -30.0], np.random.default_rng(3).permutation(np.linspace(0, -30, 20))]
        )
        heard = 1e-5 * np.random.default_rng(4).standard_normal(every * (len(peaks_db) + 1))
        begins = [every * turn + 20_000 for turn in range(len(peaks_db))]
        for begin, peak_db in zip(begins, peaks_db, strict=True):
            heard[begin : begin + len(struck)] += (
                struck * 0.5 * 10.0 ** (peak_db / 20.0) / np.abs(struck).max()
            )
        mode = self.mode(name)
        made = self.hear(mode, heard.astype(np.float32))
        assert mode.meter.hit.number == len(peaks_db)
        first = true_onset(struck) + 256
        levels = [level_db(made[begin + first : begin + first + 14_400]) for begin in begins[2:]]
        assert rank_correlation(peaks_db[2:], levels) >= 0.9

    def test_a_key_has_its_own_pitch_and_a_gate_that_of_the_cable(self):
        for event, note in ((Note(76, 0.8, 0), 76), (Edge(1, True, 0), 69)):
            made = self.hear(self.mode(decay=3.0), np.zeros(SAMPLE_RATE, np.float32), events=[event], at=HOP)
            assert first_sound(made) == HOP
            assert abs(cents(made[5000:], note)) < 5.0

    def test_an_instrument_takes_the_place_of_the_drum_and_of_another(self):
        heard = pad((0.1, 0.5, 0.9), 1.4)
        mode, third = self.mode("guitar", note=57), len(heard) // 3
        parts = []
        for turn, name in enumerate(("guitar", "violin", "style-guitar")):
            mode.use(open_instrument(name).decoder(2))
            parts.append(self.hear(mode, heard[third * turn // HOP * HOP :][: third // HOP * HOP]))
        assert all(np.isfinite(part).all() and np.abs(part).max() > 0.01 for part in parts)

    def test_panic_ends_it(self):
        mode = self.mode(decay=5.0)
        self.hear(mode, np.zeros(SAMPLE_RATE, np.float32), events=[Edge(1, True, 0)])
        mode.release()
        assert np.abs(self.hear(mode, np.zeros(4800, np.float32))[2400:]).max() < 1e-6
        assert not mode.outside.sounding
