"""The onset detector by real drums: see tests/drumming.py for the phrases, the truth and the tolerance."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from ddsp_pi.dsp.native_onset import NativeOnsets, find_onsets, make_onsets
from ddsp_pi.dsp.onset import PythonOnsets
from ddsp_pi.dsp.onset_settings import MODES, law_of
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.native.library import choose
from tests.drumming import CHOSEN, HELD_OUT, Player, Score, floor, hits_of, judge, true_onset


@pytest.fixture(params=["python", "native"])
def make(request):
    if request.param == "python":
        return PythonOnsets
    library = request.getfixturevalue("library")
    return lambda settings=MODES["normal"]: NativeOnsets(library, settings)


@pytest.fixture(scope="module")
def listen(library):
    """The kernel, for whole phrases."""
    return lambda audio, mode="normal": heard(NativeOnsets(library, MODES[mode]), audio)


def heard(detector, audio, size=HOP):
    found = (detector.hear(audio[at : at + size]) for at in range(0, len(audio), size))
    return [onset for onset in found if onset is not None]


def alone(hit, peak_db=-8.0, before=0.6, after=0.5):
    """One hit at a known sample, in silence that is not quite one."""
    start = round(before * SAMPLE_RATE)
    audio = np.random.default_rng(1).normal(0.0, 1e-5, start + len(hit) + round(after * SAMPLE_RATE))
    audio[start : start + len(hit)] += hit * (10.0 ** (peak_db / 20.0) / np.abs(hit).max())
    return audio.astype(np.float32), start + true_onset(hit)


def total(listen, drums, played, mode="normal"):
    score = Score()
    for drum in drums:
        for phrase in played(Player(drum, seed=3)):
            judge(phrase, listen(phrase.audio, mode), score)
    return score


def grooves(player):
    for name in ("room", "stir"):
        yield player.groove(noise=(name, -70.0))
        yield player.dynamics(noise=(name, -70.0))
    yield player.groove(top_db=-16.0, noise=("room", -72.0))


def rolls(gap_ms):
    return lambda player: (
        player.roll(gap_ms, way, noise=(name, -66.0)) for way in player.ways for name in ("room", "stir")
    )


@pytest.mark.parametrize("drums", [CHOSEN, HELD_OUT], ids=["chosen", "held-out"])
@pytest.mark.parametrize("mode", ["normal", "quiet", "roll"])
def test_real_grooves_are_heard_with_ghost_notes_and_flams(listen, drums, mode):
    score = total(listen, drums, grooves, mode)
    assert score.played > 800
    assert score.f_measure >= 0.97
    assert np.median(score.delays_ms) <= 1.5
    assert np.median(np.abs(score.errors)) <= 3.0


@pytest.mark.parametrize("drums", [CHOSEN, HELD_OUT], ids=["chosen", "held-out"])
@pytest.mark.parametrize("gap_ms", [40, 50, 60, 80])
@pytest.mark.parametrize("mode", ["normal", "roll"])
def test_rolls_are_heard(listen, drums, gap_ms, mode):
    score = total(listen, drums, rolls(gap_ms), mode)
    assert score.f_measure >= 0.97
    assert np.median(score.delays_ms) <= 1.5


@pytest.mark.parametrize("drum", CHOSEN + HELD_OUT)
def test_each_roll_at_80_ms_loses_one_stroke_at_most(listen, drum):
    for phrase in rolls(80)(Player(drum, seed=4)):
        assert judge(phrase, listen(phrase.audio)).found >= 17


def test_mode_roll_follows_where_normal_holds(listen):
    faster = rolls(30)
    assert total(listen, HELD_OUT, faster, "roll").f_measure >= 0.9
    assert total(listen, HELD_OUT, faster, "normal").f_measure < 0.85


@pytest.mark.parametrize("drums", [CHOSEN, HELD_OUT], ids=["chosen", "held-out"])
@pytest.mark.parametrize("name", ["room", "stir"])
def test_hits_at_minus_42_dbfs_are_heard_over_a_real_floor(listen, drums, name):
    score = total(listen, drums, lambda player: [player.quiet(-42.0, noise=(name, -66.0))], "quiet")
    assert score.f_measure >= 0.97
    assert np.median(score.delays_ms) <= 1.5


def test_mode_quiet_hears_what_normal_leaves_to_the_neighbours(listen):
    def soft(player):
        return [player.quiet(-54.0, noise=("room", -78.0))]

    assert total(listen, HELD_OUT, soft, "quiet").f_measure >= 0.95
    assert total(listen, HELD_OUT, soft, "normal").found == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["room", "stir"])
@pytest.mark.parametrize("level_db", [-50.0, -66.0])
def test_a_minute_of_a_real_floor_triggers_nothing(listen, mode, name, level_db):
    assert listen(floor(name, 60.0, level_db), mode) == []


def test_a_hum_with_all_its_harmonics_triggers_nothing(listen):
    t = np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    hum = sum(np.sin(2.0 * np.pi * 50.0 * number * t + number) / number for number in range(1, 14))
    noisy = (hum * 10.0 ** (-48.0 / 20.0)).astype(np.float32) + floor("stir", 20.0, -70.0)
    assert listen(noisy, "quiet") == []


@pytest.mark.parametrize("mode", ["normal", "roll"])
def test_no_single_hit_counts_twice(listen, mode):
    score = total(listen, CHOSEN + HELD_OUT, lambda player: [player.singles()], mode)
    assert score.played == 27
    assert score.found == 27
    assert score.doubled + score.false <= 1


def test_a_roll_that_goes_on_does_not_become_the_floor(listen):
    phrase = Player("12", seed=5).roll(60, strokes=500, level_db=-12.0)
    assert judge(phrase, listen(phrase.audio)).f_measure >= 0.97


def test_the_earlier_detector_misses_what_it_is_known_to_miss(listen):
    assert total(listen, CHOSEN, lambda player: [player.quiet(-42.0)], "reference").found == 0
    assert total(listen, CHOSEN, rolls(40), "reference").f_measure < 0.8


def earlier(audio):
    """torchdrum's detector as described, sample by sample, its times stretched to 48 kHz."""
    w = np.tan(np.pi * 600.0 / SAMPLE_RATE)
    norm = 1.0 / (1.0 + w / 0.707 + w * w)
    b0, a1, a2 = norm, 2.0 * (w * w - 1.0) * norm, (1.0 - w / 0.707 + w * w) * norm
    fast = slow = -55.0
    rate, x1, x2, y1, y2, before, armed, last, found = (
        SAMPLE_RATE / 44_100,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        True,
        -9999,
        [],
    )
    for at, x in enumerate(audio.astype(np.float64)):
        y = b0 * (x - 2.0 * x1 + x2) - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        level = max(20.0 * np.log10(abs(y) + 1e-12), -55.0)
        fast += (level - fast) / (rate * (3.0 if level > fast else 383.0))
        slow += (level - slow) / (rate * 2205.0)
        rise = fast - slow
        armed = armed or rise < 4.66
        if armed and rise >= 16.0 > before and at - last >= 1000 * rate:
            found.append(at + 1)
            armed, last = False, at
        before = rise
    return found


def test_the_settings_of_the_earlier_detector_are_its_own(listen):
    phrase = Player("13b", seed=6).groove(seconds=4.0)
    mine = [onset.heard_at for onset in listen(phrase.audio, "reference")]
    wanted = earlier(phrase.audio)
    assert len(wanted) > 10
    np.testing.assert_allclose(mine, wanted, atol=1)


@pytest.mark.parametrize("mode", MODES)
def test_the_kernel_hears_what_python_hears(library, mode):
    audio = Player("14a", seed=1).groove(seconds=5.0).audio
    wanted, mine = (
        heard(detector, audio) for detector in (PythonOnsets(MODES[mode]), NativeOnsets(library, MODES[mode]))
    )
    assert len(wanted) > 10
    assert [onset.heard_at for onset in mine] == [onset.heard_at for onset in wanted]
    for one, other in zip(mine, wanted, strict=True):
        assert one.time == pytest.approx(other.time, abs=1e-6)
        assert one.peak_db == pytest.approx(other.peak_db, abs=1e-6)
        assert one.certainty == pytest.approx(other.certainty, abs=1e-6)


@pytest.mark.parametrize("size", [1, 16, 100])
def test_the_size_of_the_pieces_makes_no_difference_at_all(make, size):
    audio = Player("14p", seed=2).groove(seconds=1.6).audio
    assert len(heard(make(), audio)) > 3
    assert heard(make(), audio, size) == heard(make(), audio, HOP)


def test_a_whole_recording_is_heard_as_it_is_live():
    audio = Player("14p", seed=2).groove(seconds=1.6).audio
    with choose("numpy"):
        assert isinstance(make_onsets(), PythonOnsets)
        assert find_onsets(audio, MODES["quiet"]) == heard(PythonOnsets(MODES["quiet"]), audio, 50)


def test_pieces_that_are_empty_or_too_long(make):
    detector = make()
    assert detector.hear(np.zeros(0, np.float32)) is None
    with pytest.raises(ValueError, match="129 samples; cut it into pieces of at most 128"):
        detector.hear(np.zeros(129, np.float32))


def test_reset_forgets_everything(make):
    detector, audio = make(), Player("12", seed=2).groove(seconds=2.5).audio
    first = heard(detector, audio)
    detector.reset()
    assert heard(detector, audio) == first


def test_the_beginning_is_told_to_a_part_of_a_sample(make):
    """The same hits, later by shares of a sample."""
    spread = []
    for drum in CHOSEN + HELD_OUT:
        audio, _ = alone(hits_of(drum, "stick")[-1], before=0.1, after=0.0)
        spectrum, cycles = np.fft.rfft(audio), np.fft.rfftfreq(len(audio))
        times = []
        for part in (0.0, 0.25, 0.5, 0.75, 1.0):
            later = np.fft.irfft(spectrum * np.exp(-2j * np.pi * cycles * part), len(audio))
            times.append(heard(make(), later.astype(np.float32))[0].time - part)
        spread.append(np.ptp(times))
    assert np.median(spread) < 0.4


@pytest.mark.parametrize("peak_db", [-3.0, -20.0, -36.0])
def test_the_beginning_does_not_hang_on_the_level(listen, peak_db):
    for drum in CHOSEN + HELD_OUT:
        audio, truth = alone(hits_of(drum, "stick")[-1], peak_db)
        assert listen(audio)[0].time == pytest.approx(truth, abs=6.0)


def test_strong_hits_are_told_as_strong(listen):
    hit, levels = hits_of("14d", "stick")[-1], (-6.0, -18.0, -30.0)
    told = [listen(alone(hit, level)[0])[0] for level in levels]
    assert np.diff([onset.peak_db for onset in told]) == pytest.approx([-12.0, -12.0], abs=0.1)
    assert all(0.5 <= onset.certainty <= 1.0 for onset in told)
    assert told[0].certainty == 1.0


def test_what_is_no_number_is_not_remembered(make):
    audio, truth = alone(hits_of("12", "stick")[-1])
    audio[5000:5200:7] = np.nan
    audio[5300] = np.inf
    found = heard(make(), audio)
    assert [abs(onset.heard_at - truth) < 480 for onset in found] == [True]


def test_the_floor_is_learnt(make):
    detector = make(MODES["quiet"])
    assert detector.floor_db == -50.0
    heard(detector, floor("stir", 4.0, -60.0))
    assert detector.floor_db == pytest.approx(-60.0, abs=2.0)
    heard(detector, np.zeros(2 * SAMPLE_RATE, np.float32))
    assert detector.floor_db == -90.0


def test_other_settings_hold_from_then_on(make):
    first, at = alone(hits_of("12", "stick")[-1], -30.0)
    detector = make()
    assert len(heard(detector, first)) == 1
    detector.tune(replace(MODES["normal"], quietest_db=-20.0, loudest_floor_db=-20.0))
    assert heard(detector, first) == []
    detector.tune(MODES["normal"])
    again = heard(detector, first)
    assert [abs(onset.heard_at - 2 * len(first) - at) < 480 for onset in again] == [True]


def test_cells_may_get_smaller_while_one_is_half_full(make):
    detector, (audio, truth) = make(), alone(hits_of("13b", "stick")[-1])
    detector.hear(audio[:13])
    detector.tune(replace(MODES["normal"], cell=4))
    (onset,) = heard(detector, audio[13:])
    assert onset.heard_at == pytest.approx(truth, abs=100)


def test_settings_without_sense_are_brought_to_what_has_some():
    wild = law_of(replace(MODES["normal"], hold_ms=0.0, off_db=30.0, cell=0, fast_ms=(0.0, 1.0)))
    assert wild["hold"] == HOP
    assert wild["off"] == wild["on"]
    assert wild["cell"] == 1
    assert wild["fast_up"] == 1.0


def test_a_shorter_hold_lets_closer_strokes_through(make):
    hit = hits_of("14p", "muted")[0][:600]
    audio = np.tile(np.pad(hit / np.abs(hit).max() * 0.5, (0, 360)), 40).astype(np.float32)
    counts = defaultdict(int)
    for hold_ms in (15.0, 60.0):
        counts[hold_ms] = len(heard(make(replace(MODES["roll"], hold_ms=hold_ms)), audio))
    assert counts[15.0] >= 38
    assert counts[60.0] <= 14
