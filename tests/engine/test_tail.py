"""Where a rendered piece ends."""

import numpy as np
import pytest

from ddsp_pi.engine.tail import EVERY, LEAST, MOST, SILENT, Tail
from ddsp_pi.frame import SAMPLE_RATE

OVER = 12_345


def kept(sound, block, over=OVER):
    tail, parts = Tail(over), []
    for at in range(0, len(sound), block):
        part = tail.keep(sound[at : at + block].copy())
        parts.append(part)
        if len(part) < len(sound[at : at + block]):
            break
    return np.concatenate(parts), tail


def dying(seconds):
    """A sound that falls by 60 dB in this time, and goes on falling."""
    t = np.arange(OVER + MOST) / SAMPLE_RATE
    return (0.5 * 10.0 ** (-3.0 * t / seconds) * np.cos(2000.0 * t)).astype(np.float32)


def test_silence_has_the_shortest_tail():
    sound, tail = kept(np.zeros(OVER + MOST, np.float32), 2048)
    assert len(sound) == tail.end == OVER + LEAST
    assert not tail.faded


@pytest.mark.parametrize("seconds", [0.3, 1.0, 3.0, 7.0])
def test_a_sound_is_kept_until_it_has_died_away_and_not_for_longer(seconds):
    whole = dying(seconds)
    sound, tail = kept(whole, 2048)
    np.testing.assert_array_equal(sound, whole[: len(sound)])
    assert np.abs(sound[-100:]).max() < SILENT
    silent_from = np.flatnonzero(np.abs(whole) >= SILENT)[-1]
    assert silent_from < len(sound) <= max(silent_from + 2 * EVERY, OVER + LEAST)
    assert not tail.faded


def test_what_never_ends_is_faded_out_without_a_click():
    whole = np.full(OVER + MOST + 5000, 0.5, np.float32)
    sound, tail = kept(whole, 2048)
    assert len(sound) == OVER + MOST
    assert tail.faded
    assert np.abs(np.diff(sound)).max() < 1e-4
    assert sound[-1] == 0.0
    np.testing.assert_array_equal(sound[:-EVERY], whole[: len(sound) - EVERY])


@pytest.mark.parametrize("seconds", [0.1, 2.0, 100.0])
@pytest.mark.parametrize("block", [1000, 128, 65_536])
def test_it_ends_in_the_same_way_in_blocks_of_any_size(seconds, block):
    np.testing.assert_array_equal(kept(dying(seconds), block)[0], kept(dying(seconds), 2048)[0])


def test_a_pause_before_the_end_is_no_end():
    whole = np.zeros(OVER + MOST, np.float32)
    whole[OVER : OVER + LEAST] = 0.1
    assert len(kept(whole, 2048)[0]) == OVER + LEAST + EVERY
    assert len(kept(whole, 2048, over=5 * SAMPLE_RATE)[0]) == 5 * SAMPLE_RATE + LEAST
