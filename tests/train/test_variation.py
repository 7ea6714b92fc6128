"""Notes that were not recorded: softer, let go, and older than any recording."""

import numpy as np
import pytest

from ddsp_pi.frame import HOP, HOP_RATE
from ddsp_pi.models.touch import GATE, HELD_S, ONSET, RELEASE
from ddsp_pi.train.dataset import Segments
from ddsp_pi.train.silences import gone_silent
from ddsp_pi.train.takes import Take, features_of, touch_rows
from ddsp_pi.train.variation import LONGEST_S, Piece, Variation
from tests.train.struck import SIZES, hz

HOPS = 90
AS_RECORDED = Variation(gain_db=0.0, release_share=0.0, release_s=0.3)
SUSTAINED = Variation(gain_db=0.0, release_share=0.0, release_s=0.3, steady_s=0.5)


def rng(seed=0):
    return np.random.default_rng(seed)


def piece(begin_s=0.0, release_s=None):
    """A quarter of a second of a tone, `begin_s` after its beginning."""
    first = round(begin_s * HOP_RATE)
    touch = touch_rows(Take(60.0, (1.0, 0.0), release_s), first + HOPS + 1)[first:]
    tone = np.sin(np.arange(HOPS * HOP) * 0.03).astype(np.float32)
    ones = np.ones(HOPS + 1, np.float32)
    return Piece(tone, -20.0 * ones, touch, 0.1 * ones[:, None], 0.01 * ones[:, None])


def blown(held_s, fall_s=0.04, cut_s=0.1):
    """A tone that is held, falls by 60 dB in seven times `fall_s`, and is cut off."""
    t = np.arange(round((held_s + cut_s) * HOP_RATE) * HOP) / (HOP * HOP_RATE)
    sound = np.sin(2 * np.pi * float(hz(60)) * t) * np.exp(-np.maximum(t - held_s, 0.0) / fall_s)
    return features_of("blown", (0.1 * sound).astype(np.float32), Take(60.0, (0.0, 0.0)), SIZES)


def test_nothing_varies_unless_it_is_asked_for():
    made = AS_RECORDED.of(piece(0.7), rng())
    np.testing.assert_array_equal(made.touch, piece(0.7).touch)
    np.testing.assert_allclose(made.audio, piece().audio, rtol=1e-6)


def test_a_softer_note_is_asked_for_softly():
    made = Variation(gain_db=12.0, release_share=0.0, release_s=0.3).of(piece(), rng())
    by_db = float(made.asked_db[0] + 20.0)
    assert 0.1 < abs(by_db) <= 12.0
    gain = 10 ** (by_db / 20)
    np.testing.assert_allclose(made.audio, gain * piece().audio, rtol=1e-4)
    np.testing.assert_allclose(made.harmonics, gain * piece().harmonics, rtol=1e-4)


def test_a_key_that_goes_up_ends_the_note_at_its_pace():
    made = Variation(gain_db=0.0, release_share=1.0, release_s=0.3).of(piece(), rng(3))
    since = made.touch[:, RELEASE]
    let_go = made.touch[:, GATE] == 0.0
    assert 10 < let_go.sum() < HOPS
    np.testing.assert_allclose(
        20 * np.log10(made.harmonics[let_go, 0] / 0.1), -200.0 * since[let_go], atol=1e-3
    )
    assert np.all(since[~let_go] == HELD_S)
    assert np.all(made.asked_db == -20.0)


@pytest.mark.parametrize("begin_s", [0.5, 3.0, 20.0])
def test_a_steady_note_may_be_of_any_age(begin_s):
    ages = []
    for seed in range(200):
        made = SUSTAINED.of(piece(begin_s), rng(seed))
        ages.append(float(made.touch[0, ONSET]))
        np.testing.assert_allclose(np.diff(made.touch[:, ONSET]), 1 / HOP_RATE, atol=1e-4)
        assert np.all(made.touch[:, GATE] == 1.0)
    assert 0.5 <= min(ages) < 0.6
    assert 40.0 < max(ages) <= LONGEST_S + 1e-3
    assert 3.0 < np.median(ages) < 10.0


def test_its_end_may_come_at_any_age_and_is_the_end_it_was():
    recorded = piece(3.0, release_s=3.1)
    made = SUSTAINED.of(recorded, rng())
    assert abs(made.touch[0, ONSET] - 3.0) > 0.1
    np.testing.assert_array_equal(made.touch[:, RELEASE:], recorded.touch[:, RELEASE:])
    np.testing.assert_allclose(made.audio, recorded.audio, rtol=1e-6)


def test_the_beginning_of_a_note_stays_its_beginning():
    for begin_s in (0.0, 0.3):
        np.testing.assert_array_equal(SUSTAINED.of(piece(begin_s), rng()).touch, piece(begin_s).touch)


def test_what_was_recorded_is_not_changed():
    recorded = piece(2.0)
    before = recorded.touch.copy()
    Variation(6.0, 1.0, 0.3, 0.5).of(recorded, rng())
    np.testing.assert_array_equal(recorded.touch, before)


def test_a_short_note_that_was_cut_while_it_fell_is_followed_by_silence():
    short = blown(0.3, cut_s=0.17)
    assert 30.0 < short.asked_db[-1] - short.loudness_db[-1] < 40.0
    assert gone_silent(short, 0.5).seconds == pytest.approx(short.seconds + 0.5, abs=0.01)


def test_a_note_that_still_rings_is_not():
    slow = blown(0.3, fall_s=0.3, cut_s=1.15)
    assert 30.0 < slow.asked_db[-1] - slow.loudness_db[-1] < 40.0
    for rings in (slow, blown(0.3, cut_s=0.1)):
        assert gone_silent(rings, 0.5).seconds == rings.seconds


def test_segments_of_sustained_notes_are_aged(monkeypatch):
    long = blown(2.0)

    class NoBasis:
        def segment(self, recording, hop, hops):
            raise AssertionError

    drawn = Segments([long], NoBasis(), HOPS, 0, SUSTAINED).draw(0, 64, with_audio=False)
    ages = drawn.touch[:, 0, ONSET]
    assert float(ages.max()) > 10.0
    assert float(ages.min()) == 0.0
    again = Segments([long], NoBasis(), HOPS, 0, SUSTAINED).draw(0, 64, with_audio=False)
    np.testing.assert_array_equal(drawn.touch.numpy(), again.touch.numpy())
