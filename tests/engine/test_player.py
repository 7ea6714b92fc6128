"""What the audio callback does with raw buffers."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from ddsp_pi.engine.player import Player
from ddsp_pi.engine.realtime import Grant
from ddsp_pi.engine.resample import Resampled
from ddsp_pi.frame import SAMPLE_RATE

FINE, UNDERFLOW, PRIMING = None, SimpleNamespace(priming_output=False), SimpleNamespace(priming_output=True)


@dataclass
class Counted:
    xruns: int = 0
    missed: int = 0


def ones(out, audio_in):
    out[:] = 1.0


def echo(out, audio_in):
    out[:] = audio_in


def player(render, channels=2, inputs=0, counted=None, rate_hz=1):
    """At a rate of 1 Hz nothing is late."""
    return Player(render, counted or Counted(), channels, inputs, rate_hz, lambda: Grant(True, "as it was"))


def played(who, frames, channels=2, status=FINE):
    raw = bytearray(frames * channels * 4)
    who.play(memoryview(raw), frames, None, status)
    return np.frombuffer(raw, np.float32).reshape(frames, channels)


def heard(who, into, channels=2):
    raw = bytearray(len(into) * channels * 4)
    who.hear_and_play(memoryview(into.tobytes()), memoryview(raw), len(into), None, FINE)
    return np.frombuffer(raw, np.float32).reshape(-1, channels)


@pytest.mark.parametrize("channels", [1, 2])
def test_every_output_gets_the_same(channels):
    ramp = np.linspace(-1, 1, 64, dtype=np.float32)

    def render(out, audio_in):
        out[:] = ramp

    who = player(render, channels)
    np.testing.assert_array_equal(played(who, 64, channels), np.repeat(ramp[:, None], channels, axis=1))


@pytest.mark.parametrize("inputs", [1, 2])
def test_what_is_heard_is_the_mean_of_the_inputs(inputs):
    who = player(echo, inputs=inputs)
    into = np.random.default_rng(1).standard_normal((128, inputs)).astype(np.float32)
    np.testing.assert_allclose(heard(who, into)[:, 1], into.mean(axis=1), atol=1e-6)


def test_without_inputs_silence_is_heard():
    assert not played(player(echo), 64).any()


def test_blocks_may_change_their_size():
    who = player(ones)
    for frames in (64, 128, 17):
        assert played(who, frames).shape == (frames, 2)
        assert who.period == frames
    assert who.beats == 3


def test_xruns_are_counted_but_not_the_first_filling():
    counted = Counted()
    who = player(ones, counted=counted)
    for status in (PRIMING, FINE, UNDERFLOW, UNDERFLOW):
        played(who, 64, status=status)
    assert counted.xruns == 2


def test_a_block_that_takes_longer_than_it_lasts_is_counted():
    counted = Counted()
    played(player(ones, counted=counted, rate_hz=10**12), 64)
    assert counted.missed == 1
    played(player(ones, counted=counted, rate_hz=1), 64)
    assert counted.missed == 1


def test_privileges_are_asked_for_once():
    asked = []
    who = Player(ones, Counted(), 2, 0, 1, lambda: asked.append(1) or Grant(True, "granted"))
    for _ in range(3):
        played(who, 64)
    assert asked == [1]
    assert who.grant.said == "granted"


def test_a_render_that_fails_leaves_silence_and_its_reason():
    def render(out, audio_in):
        out[:] = 1.0
        raise ZeroDivisionError("bad")

    who = player(render)
    assert not played(who, 64).any()
    assert isinstance(who.failure, ZeroDivisionError)
    assert not played(who, 64).any()
    assert who.beats == 2


@pytest.mark.parametrize("rate_hz", [32_000, 44_100, 96_000])
def test_another_rate_plays_the_same_tone(rate_hz):
    position, sizes = 0, []

    def render(out, audio_in):
        nonlocal position
        assert audio_in.shape == out.shape
        out[:] = np.sin(2 * np.pi * 1000 * (position + np.arange(len(out))) / SAMPLE_RATE)
        position += len(out)
        sizes.append(len(out))

    resampled = Resampled(render, rate_hz)
    blocks = []
    for _ in range(400):
        block = np.empty(128, np.float32)
        resampled(block, block)
        blocks.append(block)
    tone = np.concatenate(blocks)[2000:]
    time_s = np.arange(2000, 2000 + len(tone)) / rate_hz - resampled.latency_s
    expected = np.sin(2 * np.pi * 1000 * time_s)
    # Evenly asked for: no callback has to render two blocks.
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == pytest.approx(400 * 128 * SAMPLE_RATE / rate_hz, abs=1)
    assert 0.004 < resampled.latency_s < 0.006
    # The latency that is said is the latency there is, to two samples or so.
    assert np.corrcoef(tone, expected)[0, 1] > 0.9
    basis = np.stack([np.sin(2e3 * np.pi * time_s), np.cos(2e3 * np.pi * time_s)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, tone, rcond=None)
    assert np.std(tone - basis @ fit) < 1e-4
    assert np.hypot(*fit) == pytest.approx(1.0, abs=1e-3)
