"""From a hit to the drum, through a real JACK server and the engine as a process of its own."""

import time

import numpy as np
import pytest

from ddsp_pi.dsp.hit_features import WINDOW
from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.link.edits import Set
from tests.drumming import CHOSEN, HELD_OUT, hits_of, true_onset
from tests.drums.heard import TICK
from tests.live.engine import EngineAlone
from tests.live.voice import Duet

pytestmark = pytest.mark.real

PERIOD = 128

DRUM = TICK | {"drive": 0.0}
"""Short, and from its first sample on to be seen."""

DRY, LISTENING, AT_ONCE = "the input beside it", "listening", "at once"

WAYS = {
    DRY: (12, {"dry_wet": 0.0}),
    LISTENING: (40, {"dry_wet": 1.0, "trigger": 0.0}),
    AT_ONCE: (40, {"dry_wet": 1.0, "trigger": 1.0}),
}
"""Hits, and what is set for them.

The input passes mode drums without any delay: its way through the same engine is the fixed latency.
"""

ENOUGH = {DRY: 6, LISTENING: 30, AT_ONCE: 30}

LONG_S, APART_S = 0.08, 0.1

AWAY = SAMPLE_RATE // 10
"""Hits nearer to where somebody was late are not counted: there, sound was lost."""

STEADY = 5
"""Samples, 0.1 ms: nobody hears a drummer as unsteady who is as steady as this."""

SOUND, APART = 1e-4, 240
"""What is heard, and samples of silence before it begins."""


def strikes(count):
    """Recorded hits of six drums that begin with their onset, at no regular time and at several levels."""
    random, pieces = np.random.default_rng(7), [np.zeros(SAMPLE_RATE // 3)]
    for turn in range(count):
        hit = hits_of((CHOSEN + HELD_OUT)[turn % 6], "stick")[-1]
        hit = hit[true_onset(hit) :][: round(LONG_S * SAMPLE_RATE)]
        level = 10.0 ** (-random.uniform(3.0, 15.0) / 20.0) / np.abs(hit).max()
        rest = round((APART_S - LONG_S) * SAMPLE_RATE) + int(random.integers(400))
        pieces += [hit * np.linspace(level, 0.0, len(hit)), np.zeros(rest)]
    return np.concatenate(pieces).astype(np.float32)


def begins(audio):
    """Samples at which something is heard after a silence."""
    heard = np.flatnonzero(np.abs(audio) > SOUND)
    return heard[np.diff(heard, prepend=-SAMPLE_RATE) > APART]


def delays(server, way, engine):
    """Samples from each hit to what is heard of it, where nobody was late."""
    count, values = WAYS[way]
    for name, value in values.items():
        engine.send(Set(name, value))
    with Duet(server.environment, strikes(count)) as both:
        deadline = time.monotonic() + 30.0
        while not both.is_over:
            assert time.monotonic() < deadline, "the server has stopped"
            time.sleep(0.05)
    (sung, played), found = both.both, []
    answers = begins(played)
    for hit in begins(sung):
        later = answers[answers >= hit]
        if len(later) and np.abs(both.late_at - hit).min(initial=AWAY) >= AWAY:
            found.append(later[0] - hit)
    return np.array(found)


def played(server):
    """By way, the delays; and the driver's milliseconds, which come to all of them."""
    server.start()
    driver_ms = server.driver_ms()
    with EngineAlone(server, "drums", **DRUM) as engine:
        found = {way: delays(server, way, engine) for way in WAYS}
    server.stop()
    return found, driver_ms


def complaints(found):
    """What is not as it must be, by what it is called."""
    fixed = found[DRY].max(initial=0)
    listening, at_once = found[LISTENING] - fixed, found[AT_ONCE] - fixed
    wrong = {
        "few hits": any(len(found[way]) < least for way, least in ENOUGH.items()),
        "the input trembles": np.ptp([fixed, *found[DRY]]) > 1,
        "late": listening.max(initial=0) > WINDOW + PERIOD,
        "not steady": np.ptp([listening.max(initial=0), *listening]) > STEADY,
        "late at once": at_once.max(initial=0) > PERIOD,
    }
    return [what for what, so in wrong.items() if so]


def test_a_hit_sounds_in_time_and_always_in_the_same(server):
    # A neighbour who takes the machine away makes the engine late: one server of three has to be left alone.
    for _ in range(3):
        found, driver_ms = played(server(PERIOD, inputs=1))
        for way, samples in found.items():
            ends = f"{samples.min(initial=9999)} to {samples.max(initial=0)}"
            print(f"{way}: median {np.median(samples):.0f} samples, {ends}, of {len(samples)} hits")
        print(f"{driver_ms:.1f} ms in the driver besides")
        if not complaints(found):
            break
    assert complaints(found) == []
