"""Eight voices of the guitar over a real JACK server, on the engine's own process."""

import random
import time

import pytest

from ddsp_pi.engine.overload import TOO_MUCH
from ddsp_pi.engine.telemetry import load_within
from ddsp_pi.frame import Note
from ddsp_pi.link.edits import Set
from tests.live.engine import EngineAlone

pytestmark = pytest.mark.real

VOICES, PERIOD, SECONDS = 8, 128, 4.0
STRIKE_S = 0.2
"""From one chord of all voices to the next: what rang goes on beside it, on the strings that are spare."""


def play(engine, seconds):
    """Chords of eight keys under hands and knobs that never rest, both banks sounding."""
    chance, down, until = random.Random(1), [], time.monotonic() + seconds
    while time.monotonic() < until:
        for note in down:
            engine.send(Note(note, 0.0, time.monotonic_ns()))
        down = [float(note) for note in chance.sample(range(36, 60), VOICES)]
        for note in down:
            engine.send(Note(note, chance.uniform(0.3, 1.0), time.monotonic_ns()))
        for _ in range(10):
            engine.send(Set("openness", chance.uniform(0.5, 1.0)))
            engine.send(Set("power_chord", chance.uniform(0.5, 1.0)))
            time.sleep(STRIKE_S / 10)


def test_eight_voices_keep_within_the_bound_of_a_block(server):
    # A neighbour who takes the machine away makes blocks late: one server of three has to be left alone.
    for _ in range(3):
        jack = server(PERIOD)
        jack.start()
        with EngineAlone(jack, "style", VOICES, loudness=-30.0) as engine:
            play(engine, 0.5)
            before = engine.telemetry
            play(engine, SECONDS)
            after = engine.telemetry
        jack.stop()
        loads = [late - early for early, late in zip(before.loads, after.loads, strict=True)]
        shares = {share: load_within(loads, share) for share in (0.5, 0.99, 0.999, 1.0)}
        print(", ".join(f"{share:.1%} of blocks within {load:.1%}" for share, load in shares.items()))
        if shares[0.99] <= TOO_MUCH and not after.most_shed:
            break
    assert shares[0.99] <= TOO_MUCH
    assert after.most_shed == 0, "nothing had to be left out"
    assert sum(loads) > 0.8 * SECONDS * 48_000 / PERIOD
    assert after.peak > 0.01
    assert after.rejected_samples == 0
