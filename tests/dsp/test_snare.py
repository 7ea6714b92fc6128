"""The drum synthesizer: a hit as it is written in the book, many hits, and how they go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.dsp.drum_presets import DRUM_PRESETS
from ddsp_pi.dsp.hits import FADE, LEFT, RINGING, ROWS, fade
from ddsp_pi.dsp.snare import NOISE_SAMPLES, NumpySnare, drum_noise
from ddsp_pi.dsp.snare_params import HIGH, LOW
from ddsp_pi.frame import HOP, SAMPLE_RATE
from tests.drums import corner_values, hit_of, play, random_values, recursive_hit, values

SNARE = DRUM_PRESETS["snare_1"].values
TOM = DRUM_PRESETS["tom_1"].values


@pytest.mark.parametrize("preset", DRUM_PRESETS.values(), ids=DRUM_PRESETS)
def test_a_drum_sounds_as_it_is_written(preset):
    made = hit_of(NumpySnare(), preset.values)
    assert np.abs(made - recursive_hit(preset.values)).max() < 1e-6
    assert 0.2 < np.abs(made).max() <= 1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("draw", [random_values, corner_values])
def test_any_hit_sounds_as_it_is_written(draw, seed):
    hit = draw(seed)[0]
    made = hit_of(NumpySnare(), hit)
    assert np.abs(made - recursive_hit(hit)).max() < 2e-6
    assert np.abs(made).max() <= 1.0


def time_to_fall(sound, by_db, window):
    """Seconds from the loudest window to the first after it from which on all are so much quieter."""
    cut = sound[: len(sound) // window * window].reshape(-1, window)
    level = 10.0 * np.log10(np.mean(cut.astype(np.float64) ** 2, axis=1) + 1e-30)
    above = np.flatnonzero(level > level.max() - by_db)
    return (above[-1] + 1 - level.argmax()) * window / SAMPLE_RATE


@pytest.mark.parametrize("decay_ms", [80.0, 200.0, 700.0])
@pytest.mark.parametrize("part", ["osc1", "osc2", "noise"])
def test_every_part_falls_by_60_db_in_its_time(part, decay_ms):
    hit = values(**{f"{part}_gain": 6.0, f"{part}_decay": decay_ms})
    taken = time_to_fall(hit_of(NumpySnare(), hit), 60.0, 96)
    assert taken == pytest.approx(decay_ms / 1000.0, rel=0.05, abs=0.002)


def crossings(sound):
    """Places at which a sine rises through zero, between the samples."""
    at = np.flatnonzero((sound[:-1] < 0.0) & (sound[1:] >= 0.0))
    return at + sound[at] / (sound[at] - sound[at + 1])


def test_a_bend_begins_an_octave_up_and_ends_at_the_pitch():
    hit = values(osc1_freq=300.0, osc1_mod=1.0, mod_decay=400.0, osc1_decay=2000.0, osc1_gain=0.0)
    at = crossings(hit_of(NumpySnare(), hit).astype(np.float64))[1:]
    since_peak = ((at[:-1] + at[1:]) / 2.0 - 47.0) / SAMPLE_RATE
    np.testing.assert_allclose(
        SAMPLE_RATE / np.diff(at), 300.0 * (1.0 + 10.0 ** (-3.0 * since_peak / 0.4)), rtol=0.005
    )


def test_the_noise_is_heard_above_the_high_pass():
    hit = values(noise_gain=6.0, noise_highpass=8000.0, noise_decay=2000.0)
    power = np.abs(np.fft.rfft(hit_of(NumpySnare(), hit))) ** 2
    assert power[:2000].mean() < 1e-2 * power[10_000:].mean()


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.lists(st.integers(1, HOP), min_size=1, max_size=6),
    name=st.sampled_from(sorted(DRUM_PRESETS)),
)
def test_any_cut_into_pieces_plays_the_same(sizes, name):
    hit, samples = DRUM_PRESETS[name].values, 40 * HOP
    whole, cut = (hit_of(NumpySnare(), hit, samples, pieces) for pieces in ((HOP,), sizes))
    assert np.abs(cut - whole).max() < 1e-6


@pytest.mark.parametrize("after", [0, 1, 37, 127, 300])
def test_a_hit_begins_at_its_sample(after):
    waiting, late = NumpySnare(), NumpySnare()
    waiting.hits.strike(SNARE, after)
    made = play(waiting, 10 * HOP)
    silence = play(late, after, (1,)) if after else np.empty(0, np.float32)
    late.hits.strike(SNARE)
    wanted = np.concatenate([silence, play(late, 10 * HOP - after)])
    np.testing.assert_allclose(made, wanted, atol=1e-7)
    # The envelope is open by a little in its first sample, and there the noise speaks.
    assert np.flatnonzero(made)[0] == after


def test_noise_runs_on_and_each_hit_hears_another_place():
    snare = NumpySnare()
    first = hit_of(snare, SNARE, SAMPLE_RATE)
    second = hit_of(snare, SNARE, SAMPLE_RATE)
    assert snare.clock == 2 * SAMPLE_RATE % NOISE_SAMPLES
    assert np.abs(second - recursive_hit(SNARE, place=SAMPLE_RATE)).max() < 1e-6
    assert np.abs(second - first).max() > 0.05


def test_noise_is_white_and_known():
    noise = drum_noise()
    assert (np.abs(noise) <= 1.0).all()
    assert (noise[:3] * 2.0**23).tolist() == [-1190707, -2428806, 2876129]
    assert abs(noise.mean()) < 0.01
    assert noise.std() == pytest.approx(3**-0.5, rel=0.01)
    power = np.abs(np.fft.rfft(noise))[1:].reshape(-1, 2048) ** 2
    np.testing.assert_allclose(power.mean(axis=1) / power.mean(), 1.0, atol=0.12)


def test_hits_are_summed_and_each_keeps_its_own_parameters():
    together, wanted = NumpySnare(), np.zeros(30 * HOP)
    parts = []
    for hop in range(30):
        if hop % 10 == 0:
            together.hits.strike(random_values(hop)[0])
        parts.append(together.render(HOP).copy())
    for hop in (0, 10, 20):
        length = (30 - hop) * HOP
        wanted[hop * HOP :] += recursive_hit(random_values(hop)[0], length, hop * HOP)
    assert np.abs(np.concatenate(parts) - wanted).max() < 5e-6


@pytest.mark.parametrize("name", DRUM_PRESETS)
def test_a_hit_ends_when_it_is_not_heard_any_more(name):
    snare = NumpySnare()
    made = hit_of(snare, DRUM_PRESETS[name].values, 5 * SAMPLE_RATE)
    assert snare.hits.ringing == 0
    last = np.flatnonzero(made)[-1]
    assert np.abs(made[last - HOP : last]).max() < 1e-5
    assert np.abs(recursive_hit(DRUM_PRESETS[name].values, 5 * SAMPLE_RATE)[last:]).max() < 1e-6


def test_what_rings_in_the_high_pass_is_not_cut_off():
    hit = values(noise_gain=6.0, noise_highpass=20.0, noise_q=10.0, noise_decay=10.0, drive=24.0)
    made = hit_of(NumpySnare(), hit, 2 * SAMPLE_RATE)
    assert np.abs(made - recursive_hit(hit, 2 * SAMPLE_RATE)).max() < 2e-6


def test_a_choke_fades_everything_in_3_ms():
    snare, left = NumpySnare(), FADE - np.arange(2 * HOP)
    for hit in (TOM, SNARE):
        snare.hits.strike(hit)
    play(snare, 10 * HOP)
    wanted = sum(recursive_hit(hit, 12 * HOP)[10 * HOP :] for hit in (TOM, SNARE)) * fade(left)
    snare.hits.choke()
    assert np.abs(play(snare, 2 * HOP, (50, 27)) - wanted).max() < 1e-6
    assert snare.hits.ringing == 0
    assert FADE == 144


def test_a_choke_may_begin_within_the_piece_and_spares_what_comes_after_it():
    snare = NumpySnare()
    snare.hits.strike(TOM)
    play(snare, 10 * HOP)
    snare.hits.choke(100)
    snare.hits.strike(SNARE, 100)
    made, left = play(snare, 10 * HOP), 100 + FADE - np.arange(10 * HOP)
    wanted = recursive_hit(TOM, 20 * HOP)[10 * HOP :] * fade(left)
    wanted[100:] += recursive_hit(SNARE, 10 * HOP - 100, 10 * HOP + 100)
    assert np.abs(made - wanted).max() < 1e-6


def test_choked_twice_is_choked_once():
    made = []
    for chokes in (1, 3):
        snare = NumpySnare()
        snare.hits.strike(TOM)
        play(snare, HOP)
        parts = []
        for _ in range(chokes):
            snare.hits.choke()
            parts.append(play(snare, 20))
        made.append(np.concatenate([*parts, play(snare, 200 - 20 * chokes)]))
    np.testing.assert_array_equal(made[1], made[0])


def test_the_quietest_gives_way_and_fades():
    snare, gains = NumpySnare(), np.linspace(-20.0, 0.0, RINGING)
    gains[7] = -40.0
    hits = [values(osc1_gain=gain, osc1_freq=100 + 10 * i, osc1_decay=2000) for i, gain in enumerate(gains)]
    for hit in hits:
        snare.hits.strike(hit)
    play(snare, 2 * HOP)
    snare.hits.strike(hits[0])
    made = play(snare, 2 * HOP)
    alone = [recursive_hit(hit, 4 * HOP)[2 * HOP :] for hit in hits]
    alone[7] *= fade(FADE - np.arange(2 * HOP))
    wanted = np.sum(alone, axis=0) + recursive_hit(hits[0], 2 * HOP, 2 * HOP)
    assert np.abs(made - wanted).max() < 1e-5
    assert snare.hits.ringing == RINGING


def test_a_new_hit_is_heard_however_quiet_it_is():
    snare = NumpySnare()
    for _ in range(RINGING):
        snare.hits.strike(values(osc1_gain=0.0, osc1_decay=2000))
    snare.hits.strike(values(osc1_gain=-50.0, osc1_decay=2000))
    staying = np.isinf(snare.hits.table[:, LEFT])
    assert staying.sum() == RINGING
    play(snare, 2 * HOP)
    assert snare.hits.ringing == RINGING


def test_more_hits_at_once_than_there_is_room_for():
    snare = NumpySnare()
    for i in range(5 * ROWS):
        snare.hits.strike(random_values(i)[0], after=i)
    assert snare.hits.ringing <= ROWS
    made = play(snare, 20 * HOP)
    assert np.isfinite(made).all()
    assert made.any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", range(14))
def test_a_parameter_that_is_no_number_does_no_harm(place, wrong):
    snare, hit = NumpySnare(), list(SNARE)
    hit[place] = wrong
    snare.hits.strike(hit)
    assert np.isfinite(play(snare, HOP)).all()
    assert snare.hits.ringing == (not np.isnan(wrong))


def test_what_leaves_its_range_is_held_at_the_end():
    for beyond, end in ((HIGH + 1e6, HIGH), (LOW - 1e6, LOW)):
        made, wanted = (hit_of(NumpySnare(), hit, 10 * HOP) for hit in (beyond, end))
        np.testing.assert_array_equal(made, wanted)


def test_reset_begins_again():
    snare = NumpySnare()
    first = hit_of(snare, SNARE, 10 * HOP)
    snare.reset()
    assert snare.hits.ringing == 0
    assert not play(snare, HOP).any()
    snare.reset()
    np.testing.assert_array_equal(hit_of(snare, SNARE, 10 * HOP), first)
