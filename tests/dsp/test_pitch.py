"""The pitch tracker against sounds whose pitch is known, and the similarity against its formula."""

import numpy as np
import pytest

from ddsp_pi.dsp.ear import first_peak
from ddsp_pi.dsp.nsdf import LONG, SHORT, decimate, nsdf, peak_lag, refine_f0
from ddsp_pi.dsp.pitch import PitchTracker
from ddsp_pi.dsp.pitch_path import _peaks
from ddsp_pi.frame import HOP, SAMPLE_RATE

SAWTOOTH = [1 / k for k in range(1, 21)]
TIMBRES = {
    "sine": [1.0],
    "sawtooth": SAWTOOTH,
    "weak fundamental": [0.03, *SAWTOOTH[1:]],
    "missing fundamental": [0.0, *SAWTOOTH[1:]],
    "odd harmonics": [a * (k % 2) for k, a in enumerate(SAWTOOTH, 1)],
    "strong octave": [0.3, 1.0, 0.2, 0.6, 0.15, 0.4, 0.1, 0.2],
}


def cents(f0_hz, true_hz):
    return 1200 * np.log2(np.asarray(f0_hz) / true_hz)


def play(f0_hz, amplitudes=SAWTOOTH):
    """RMS 0.15 sum of harmonics below 20 kHz with fixed, scattered phases."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    audio = sum(
        a * np.sin(k * phase + 0.7 * k * k) * (f0_hz * k < 20_000) for k, a in enumerate(amplitudes, 1)
    )
    return (0.15 * audio / np.sqrt(np.mean(audio**2))).astype(np.float32)


def hold(f0_hz, seconds=0.5):
    return np.full(round(seconds * SAMPLE_RATE), float(f0_hz))


def track(audio, **ranges):
    readings = PitchTracker(**ranges).process(audio)
    return tuple(
        np.array([getattr(reading, name) for reading in readings])
        for name in ("f0_hz", "confidence", "voiced")
    )


def stable_ms(before_hz, after_hz, start=SAMPLE_RATE // 4):
    """Time from a note change to the first of the readings that all stay within 50 cents."""
    f0_hz, _, voiced = track(play(np.r_[np.full(start, before_hz), hold(after_hz, 0.25)]))
    at = np.arange(1, len(f0_hz) + 1) * HOP - start
    wrong = (at > 0) & (~voiced | (np.abs(cents(f0_hz, after_hz)) > 50))
    return 1000 * at[np.flatnonzero(wrong)[-1] + 1] / SAMPLE_RATE if wrong.any() else 0.0


@pytest.mark.parametrize("window", [SHORT, LONG])
@pytest.mark.parametrize("n_frames", [None, 3])
def test_similarity_is_the_formula(window, n_frames):
    frames = np.random.default_rng(1).normal(0, 0.1, (n_frames or 1, window.length)).astype(np.float32)
    measured = nsdf(frames if n_frames else frames[0], window).reshape(len(frames), -1)
    for frame, row in zip(frames.astype(np.float64), measured, strict=True):
        newest = frame[window.longest :]
        for lag in range(window.longest + 1):
            earlier = frame[window.longest - lag : window.length - lag]
            expected = 2 * newest @ earlier / (newest @ newest + earlier @ earlier)
            assert row[lag] == pytest.approx(expected, abs=2e-6)


def test_peaks_stand_at_the_period_between_the_lags():
    for period in (10.9, 24.5, 54.55, 151.3):
        frame = play(hold(SHORT.rate * 2 / SHORT.step / period, 0.1))
        past = decimate(frame, SHORT.step)[-SHORT.length - 100 : -100]
        lag, height = peak_lag(nsdf(past, SHORT), np.array([round(period)]))
        assert lag[0] == pytest.approx(period, rel=2e-4)
        assert height[0] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("timbre", TIMBRES)
def test_steady_notes_are_within_two_cents_and_voiced(timbre):
    for f0_hz in (
        41.0,
        45.0,
        55.0,
        82.4,
        98.0,
        109.0,
        111.0,
        130.8,
        196.0,
        311.1,
        440.0,
        698.5,
        1318.5,
        2000.0,
    ):
        if f0_hz > 1000 and timbre != "sine" and timbre != "sawtooth":
            continue  # a violin's or a voice's odd timbres do not reach up there
        measured, confidence, voiced = (values[60:] for values in track(play(hold(f0_hz), TIMBRES[timbre])))
        assert np.abs(cents(measured, f0_hz)).max() < 2.0, f0_hz
        assert voiced.all()
        assert confidence.min() > 0.9


@pytest.mark.parametrize(("low_hz", "high_hz", "lag_ms"), [(41.0, 110.0, 20.0), (115.0, 1800.0, 7.0)])
def test_glides_are_followed(low_hz, high_hz, lag_ms):
    path = low_hz * (high_hz / low_hz) ** np.linspace(0, 1, 4 * SAMPLE_RATE)
    measured, _, voiced = track(play(path))
    then = np.arange(1, len(measured) + 1) * HOP - round(lag_ms * SAMPLE_RATE / 1000)
    error = np.abs(cents(measured[20:], path[then[20:]]))
    assert np.mean(error < 20) > 0.995
    assert voiced[20:].all()


def test_vibrato_keeps_its_width_and_its_octave():
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    path = 440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 6 * t))
    measured, _, _ = track(play(path, TIMBRES["weak fundamental"]))
    assert np.ptp(cents(measured[40:], 440)) == pytest.approx(100, abs=5)


def test_noise_does_not_move_a_note():
    path = hold(220, 1.0)
    hiss = np.random.default_rng(2).normal(0, 0.15 * 10 ** (-10 / 20), len(path))
    measured, _, voiced = track(play(path) + hiss.astype(np.float32))
    assert voiced[40:].all()
    assert np.median(np.abs(cents(measured[40:], 220))) < 5
    assert np.abs(cents(measured[40:], 220)).max() < 60


@pytest.mark.parametrize("level", [0.5, 0.05, 0.0])
def test_noise_and_silence_are_unvoiced_and_hold_the_note(level):
    hiss = np.random.default_rng(3).normal(0, 1, SAMPLE_RATE).astype(np.float32) * np.float32(level)
    _, _, voiced = track(hiss)
    assert not voiced.any()
    measured, confidence, voiced = track(np.concatenate([play(hold(330)), hiss]))
    assert not voiced[-300:].any()
    assert confidence[-300:].max() < 0.5
    assert len(set(measured[-300:])) == 1
    assert abs(cents(measured[-1], 330)) < 100


def test_before_anything_is_heard_the_pitch_is_a4_unvoiced():
    measured, confidence, voiced = track(np.zeros(HOP, np.float32))
    assert (measured[0], confidence[0], voiced[0]) == (440.0, 0.0, False)


@pytest.mark.parametrize("offset", [0.5, -1.0])
def test_an_offset_of_a_dc_coupled_input_does_not_matter(offset):
    measured, _, voiced = track(play(hold(82.4, 2.0)) + np.float32(offset))
    assert voiced[500:].all()
    assert np.abs(cents(measured[500:], 82.4)).max() < 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_broken_input_is_survived(bad):
    audio = play(hold(440, 1.0))
    audio[5000:5300:7] = bad
    measured, confidence, voiced = track(audio)
    assert np.isfinite(measured).all()
    assert np.isfinite(confidence).all()
    assert voiced[-60:].all()
    assert np.abs(cents(measured[-60:], 440)).max() < 2


@pytest.mark.parametrize("block", [16, 100, 128, 500, 1024])
def test_blocks_do_not_matter(block):
    audio = play(np.r_[hold(110, 0.2), hold(660, 0.2)])
    tracker = PitchTracker()
    pieces = [tracker.process(audio[at : at + block]) for at in range(0, len(audio), block)]
    assert [reading for piece in pieces for reading in piece] == PitchTracker().process(audio)


def test_reset_forgets_everything():
    tracker = PitchTracker()
    audio = play(hold(196, 0.2))
    first = tracker.process(audio)
    tracker.process(audio[:77])
    tracker.reset()
    assert tracker.process(audio) == first


def test_input_is_not_changed():
    audio = play(hold(196, 0.1)) + np.float32(0.2)
    copy = audio.copy()
    PitchTracker().process(audio)
    np.testing.assert_array_equal(audio, copy)


@pytest.mark.parametrize(
    ("before_hz", "after_hz", "limit_ms"),
    [
        (220, 440, 22),
        (440, 220, 22),
        (440, 660, 22),
        (1200, 300, 22),
        (196, 1760, 22),
        (330, 123, 22),
        (82.4, 55, 45),
        (41.2, 98, 45),
        (110, 55, 45),
        (61.7, 41.2, 45),
        (41.2, 440, 22),
    ],
)
def test_note_changes_are_heard_in_time(before_hz, after_hz, limit_ms):
    steps = [stable_ms(before_hz, after_hz, SAMPLE_RATE // 4 + shift) for shift in (0, 31, 64, 97)]
    assert max(steps) <= limit_ms


@pytest.mark.parametrize(("low_hz", "high_hz"), [(30, 500), (200, 100), (100, 3000), (np.nan, 200)])
def test_impossible_ranges_are_refused(low_hz, high_hz):
    with pytest.raises(ValueError, match="pitch range"):
        PitchTracker(low_hz, high_hz)


def test_the_range_keeps_lower_notes_out():
    measured, _, voiced = track(play(hold(98)), low_hz=190)
    assert not voiced.any() or measured[voiced].min() >= 185


@pytest.mark.parametrize("f0_hz", [44.0, 65.0, 108.0, 112.0, 196.0, 440.0, 987.0, 2000.0, 3500.0])
@pytest.mark.parametrize("off", [-120, -30, 45, 130])
def test_rough_notes_are_refined_to_a_cent(f0_hz, off):
    audio = play(hold(f0_hz))
    refined = refine_f0(audio, np.full(len(audio) // HOP + 1, f0_hz * 2 ** (off / 1200)))
    assert np.abs(cents(refined[20:-20], f0_hz)).max() < 1.0


def test_refined_frames_are_centred():
    path = 300 * 2 ** (np.linspace(0, 1, 2 * SAMPLE_RATE))
    at = np.arange(len(path) // HOP) * HOP
    refined = refine_f0(play(path), path[at] * 2 ** (0.4 / 12))
    assert np.abs(cents(refined[10:-10], path[at[10:-10]])).max() < 2.0


def test_other_hops_see_the_same_pitch():
    path = 300 * 2 ** (np.linspace(0, 1, SAMPLE_RATE))
    fine = refine_f0(play(path), path[::HOP])
    coarse = refine_f0(play(path), path[:: 2 * HOP], hop=2 * HOP)
    # The last bits depend on where in memory a vector begins.
    np.testing.assert_allclose(fine[::2], coarse, rtol=1e-6)


@pytest.mark.parametrize("guess_hz", [300.0, np.nan, 0.0, 20.0, 9000.0])
def test_guesses_without_a_peak_near_them_stay(guess_hz):
    audio = play(hold(440))
    audio[SAMPLE_RATE // 4 :] = 0.0
    guess = np.full(len(audio) // HOP + 1, guess_hz)
    np.testing.assert_array_equal(refine_f0(audio, guess), guess)


def test_refining_does_not_change_the_guess():
    guess = np.full(100, 450.0)
    refine_f0(play(hold(440)), guess)
    assert (guess == 450.0).all()


def test_live_and_refined_pitch_agree():
    path = hold(440, 1.0) * 2 ** (0.3 / 12 * np.sin(np.linspace(0, 30, SAMPLE_RATE)))
    audio = play(path)
    live, _, _ = track(audio)
    refined = refine_f0(audio, path[::HOP])
    # a live reading is 6 ms old: two hops and a quarter before the end of its block
    assert np.median(np.abs(cents(live[20:-20], refined[19 : 19 + len(live) - 40]))) < 3


def test_a_row_of_few_peaks_is_filled_up_with_what_can_be_read():
    heights = {77: 0.9512, 155: 0.9465, 232: 0.9533, 309: 0.9573, 386: 0.9446, 463: 0.9290, 540: 0.9347}
    row = np.zeros(621, np.float32)
    row[20] = -1.0
    row[list(heights)] = list(heights.values())
    lags, found = _peaks(row[None])
    assert sorted(np.rint(lags[found > 0.0])) == list(heights)


def test_a_peak_that_comes_out_above_1_is_no_reason_for_the_first_one():
    """So it is where a tone ends in a softer one: its similarity is cut off at 1."""
    turns = 2.0 * np.pi * np.arange(241) / 40.5
    similarity = np.clip(1.02 * (0.3 * np.cos(turns) + 0.7 * np.cos(2.0 * turns)), -1.0, 1.0)
    similarity = similarity.astype(np.float32)
    assert peak_lag(similarity, np.array([41]))[1] > 1.0022
    assert first_peak(similarity, 15, 200)[0] == pytest.approx(40.5, abs=0.1)
