"""From what is sung to what is played, through a real JACK server."""

import time

import numpy as np
import pytest

from ddsp_pi.frame import SAMPLE_RATE
from tests.live.engine import EngineAlone
from tests.live.jack import OUTPUT
from tests.live.singer import Hearer, Singer
from tests.singing import vowel

pytestmark = pytest.mark.real

HALF = SAMPLE_RATE // 2
"""Samples of the soft half of the phrase, and of the loud one."""

PERIODS_MS = 2 * 128 / 48.0
"""What a sound card keeps ready in both directions, which the dummy driver does not."""

MOST_MS = {220.0: 25.0, 110.0: 25.0, 55.0: 40.0}
LONGEST_S = 60.0
ENOUGH, FEWEST = 6, 3
"""Steps that no lost period spoils: what is waited for, and what will do on a machine that is never quiet."""


def phrase(f0_hz):
    """A vowel that is soft for half a second and then 26 dB louder, for ever."""
    sung = vowel(f0_hz, seconds=1.0, level_db=-15.0).copy()
    sung[:HALF] *= 0.05
    return sung


def step_at(sound, samples):
    """The sample at which the power over whole periods comes within 3 dB of where it goes."""
    power = np.convolve(sound.astype(np.float64) ** 2, np.full(samples, 1.0 / samples), "same")
    loud = np.median(power[HALF + SAMPLE_RATE // 4 : -samples])
    return int(np.argmax(power[HALF // 2 :] > 0.5 * loud)) + HALF // 2


def rounds(frames, blocks):
    """Each phrase that came back without a gap."""
    block = blocks.shape[1]
    count = SAMPLE_RATE // block
    for first in np.flatnonzero(frames % SAMPLE_RATE < block):
        here = frames[first : first + count]
        if len(here) == count and (np.diff(here) == block).all():
            late = np.zeros(int(here[0] % SAMPLE_RATE), np.float32)
            yield np.concatenate([late, blocks[first : first + count].reshape(-1)])[:SAMPLE_RATE]


def delays_ms(server, f0_hz):
    """From each step that is sung to the one that is played."""
    jack, sung = server(inputs=2), phrase(f0_hz)
    jack.start()
    samples = 4 * round(SAMPLE_RATE / f0_hz)
    wanted = step_at(sung, samples)
    params = {"noise": 0.0, "range": 1.0 if f0_hz < 70.0 else 0.0}
    with (
        EngineAlone(jack, "cross", **params),
        Singer(jack.environment, sung),
        Hearer(jack.environment, OUTPUT, LONGEST_S) as hearer,
    ):
        played, deadline = [], time.monotonic() + LONGEST_S
        while len(played) <= ENOUGH and time.monotonic() < deadline:
            time.sleep(5.0)
            played = [step_at(sound, samples) for sound in rounds(*hearer.heard())]
    return (np.array(played[1:]) - wanted) / SAMPLE_RATE * 1000.0


@pytest.mark.parametrize("f0_hz", MOST_MS)
def test_a_louder_tone_comes_back_louder_in_time(server, f0_hz):
    found = delays_ms(server, f0_hz)
    print(f"{f0_hz:g} Hz: {np.median(found):.1f} ms in the graph, {len(found)} steps: {np.round(found, 1)}")
    assert len(found) >= FEWEST
    assert 2.0 < np.median(found) <= MOST_MS[f0_hz] - PERIODS_MS
