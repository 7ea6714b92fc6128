"""Pure Data between the module and the codec: the sound of the module, led through Pd by JACK."""

import os
import signal
import time

import numpy as np
import pytest

from tests.live.ear import Ear
from tests.live.jack import OUTPUT
from tests.live.player import Player, children, command_line, lives
from tests.playing import pitch_of

pytestmark = pytest.mark.real

HEAD = "#N canvas 0 0 450 300 12;\n"

THROUGH = HEAD + "#X obj 10 10 adc~ 1 2;\n#X obj 10 90 dac~ 1 2;\n#X connect 0 0 1 0;\n#X connect 0 1 1 1;\n"
HALF = HEAD + (
    "#X obj 10 10 adc~ 1 2;\n#X obj 10 50 *~ 0.5;\n#X obj 10 90 dac~ 1 2;\n"
    "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n#X connect 1 0 2 1;\n"
)
TONE = HEAD + (
    "#X obj 10 10 osc~ 440;\n#X obj 10 50 *~ 0.25;\n#X obj 10 90 dac~ 1 2;\n"
    "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n#X connect 1 0 2 1;\n"
)

OUT = "ddsp-pd:output_1"
CODEC = "system:playback_1"


@pytest.fixture
def jack(server, need):
    need("pd", "puredata-core")
    need("jack_connect", "jack-tools")
    made = server(256)
    made.start()
    return made


@pytest.fixture
def run(jack, tmp_path):
    """The module with a patch, and with the sound through it."""
    patch = tmp_path / "patch.pd"

    def run(text):
        patch.write_text(text)
        settings = f"pd: {{patch: {patch}, audio: jack}}\n"
        return Player(jack, tmp_path, settings=settings), patch

    return run


def until_connected(jack, *pairs):
    """All of these, and the module no longer past Pd."""
    deadline = time.monotonic() + 30.0
    while not (set(pairs) <= (now := jack.cables()) and (OUTPUT, CODEC) not in now):
        assert time.monotonic() < deadline, now
        time.sleep(0.05)


def through(jack):
    until_connected(jack, (OUTPUT, "ddsp-pd:input_1"), (OUT, CODEC))


def heard(jack, seconds=1.0):
    """What Pd plays into the codec, from now on."""
    with Ear(jack.environment, seconds + 1.0) as ear:
        assert ear.connect(OUT)
        time.sleep(seconds + 0.5)
        return ear.heard(seconds).samples


def keeper_below(player):
    return player.pid("pd")


def engine_below(player):
    return player.pid("engine")


def pd_below(player):
    # JACK's small programs come and go beside it.
    (pid,) = [pid for pid in children(keeper_below(player)) if "-nogui" in command_line(pid)]
    return pid


def loudness(sound):
    return float(np.sqrt(np.mean(sound**2)))


def cents(sound, hz):
    """How far from in tune."""
    return 1200 * np.log2(pitch_of(sound, hz) / hz)


def pure_rest(sound, hz):
    """What is left beside a sine of that pitch, as a share of it."""
    angles = 2 * np.pi * hz * np.arange(len(sound)) / 48_000
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    best, *_ = np.linalg.lstsq(waves, sound, rcond=None)
    return loudness(sound - waves @ best) / loudness(sound)


def test_what_pd_plays_arrives_at_the_codec(jack, run):
    player, _ = run(TONE)
    with player:
        through(jack)
        sound = heard(jack)
        assert player.end() == 0
    assert loudness(sound) == pytest.approx(0.25 / 2**0.5, rel=0.01)
    assert pure_rest(sound, 440.0) < 1e-3


def test_the_module_plays_through_pd_in_tune_and_a_saved_patch_is_heard(jack, run):
    player, patch = run(THROUGH)
    with player:
        player.said("plays the demo")
        player.osc("/ddsp/note", 69.0, 0.8)
        through(jack)
        whole = heard(jack, 2.0)
        print(f"pitch at the codec: {cents(whole, 440.0):+.2f} cents, level {loudness(whole):.3f}")
        assert loudness(whole) > 0.005
        assert abs(cents(whole, 440.0)) < 5.0

        patch.write_text(HALF)
        player.said("patch.pd was saved")
        jack.wait_for(OUT)
        through(jack)
        half = heard(jack, 2.0)
        assert loudness(half) == pytest.approx(loudness(whole) / 2, rel=0.15)
        assert abs(cents(half, 440.0)) < 5.0
        assert player.end() == 0


def test_a_killed_pd_or_engine_is_connected_again(jack, run):
    player, _ = run(THROUGH)
    with player:
        through(jack)
        for find in (pd_below, engine_below, keeper_below):
            victim = find(player)
            os.kill(victim, signal.SIGKILL)
            deadline = time.monotonic() + 20.0
            while lives(victim):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(0.5)
            through(jack)
        pids = [keeper_below(player), pd_below(player), *children(pd_below(player))]
        player.process.kill()
        player.process.wait()
        deadline = time.monotonic() + 20.0
        while any(map(lives, pids)):
            assert time.monotonic() < deadline, "left over"
            time.sleep(0.05)


def test_pd_comes_back_with_a_server_that_was_started_again(jack, run):
    player, _ = run(TONE)
    with player:
        through(jack)
        jack.kill()
        jack.start()
        through(jack)
        sound = heard(jack)
        assert player.end() == 0
    assert loudness(sound) == pytest.approx(0.25 / 2**0.5, rel=0.01)
