"""What may be killed is killed, with a real JACK server and real processes: the sound comes back."""

import os
import signal
import time
from contextlib import contextmanager

import numpy as np
import pytest

from ddsp_pi.frame import SAMPLE_RATE
from tests.live.ear import Ear
from tests.live.jack import OUTPUT
from tests.live.player import Player, children, lives

pytestmark = pytest.mark.real

BACK_S = 2.0
WINDOW = SAMPLE_RATE // 50
"""20 ms: a few periods of the tone, and longer than any gap that is no silence."""

HEARD = 0.01


@pytest.fixture
def jack(server):
    made = server(128)
    made.start()
    return made


@pytest.fixture
def tone(tmp_path):
    """A performance that holds one note, middle C, for a quarter of an hour."""
    path = tmp_path / "tone.csv"
    rows = "".join(f"{second},0,6,1\n" for second in range(900))
    path.write_text("time_s,cv1,cv2,gate1\n" + rows)
    return path


@pytest.fixture
def player(jack, tone, tmp_path):
    with Player(jack, tmp_path, "--cv", str(tone)) as player:
        yield player


@pytest.fixture
def ear(jack, player):
    with steady(jack, player) as ear:
        yield ear


@contextmanager
def steady(jack, player):
    """An ear that hears the steady tone; it must be gone before the server is."""
    with Ear(jack.environment, 120.0) as ear:
        wait_for_sound(ear, time.monotonic_ns())
        player.said("plays the demo")
        time.sleep(1.0)
        yield ear


def wait_for_sound(ear, since_ns, seconds=20.0):
    """Seconds from then to the first sound."""
    deadline = time.monotonic() + seconds
    while True:
        ear.connect(OUTPUT)
        recording = ear.heard(1.0)
        blocks = np.flatnonzero(
            (recording.woken_ns > since_ns) & (np.abs(recording.blocks).max(axis=1) > HEARD)
        )
        if len(blocks):
            return (recording.woken_ns[blocks[0]] - since_ns) * 1e-9
        assert time.monotonic() < deadline, "no sound"
        time.sleep(0.01)


def until_lost(ear, since_ns):
    """Wait for 20 ms of silence: what a dead engine leaves."""
    deadline = time.monotonic() + 5.0
    while True:
        if not ear.heard(0.02).blocks.any():
            return time.monotonic_ns()
        assert time.monotonic() < deadline, "the sound goes on"
        time.sleep(0.002)


def loudest(samples):
    """(n,) of each 20 ms."""
    whole = samples[: len(samples) // WINDOW * WINDOW]
    return np.abs(whole.reshape(-1, WINDOW)).max(axis=1)


def pitch_hz(ear):
    """Of the last 50 ms, between 100 and 1000 Hz; 0 while there are none."""
    sound = ear.heard(0.05).samples
    spectrum = np.fft.rfft(sound, 2 * len(sound))
    alike = np.fft.irfft(np.abs(spectrum) ** 2)[48:480]
    # The first lag at which the sound is much like itself.
    (near,) = np.nonzero(alike > 0.8 * alike.max())
    return SAMPLE_RATE / (48 + near[0] + np.argmax(alike[near[0] : near[0] + 10])) if len(near) else 0.0


def sounds(ear, hz):
    return lambda: abs(pitch_hz(ear) / hz - 1.0) < 0.02


def until(condition, seconds=BACK_S):
    """Seconds until it holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it does not happen"
        time.sleep(0.005)
    return time.monotonic() - begun


def test_a_killed_engine_sounds_again_as_it_was_set(player, ear):
    assert sounds(ear, 262.0)()
    player.osc("/ddsp/param/tune", 12.0)
    until(sounds(ear, 523.0))
    engine, control = player.pid("engine"), player.pid("control")
    killed_ns = time.monotonic_ns()
    os.kill(engine, signal.SIGKILL)
    lost_ns = until_lost(ear, killed_ns)
    back_s = wait_for_sound(ear, lost_ns) + (lost_ns - killed_ns) * 1e-9
    print(f"engine killed: sound back after {back_s:.2f} s")
    assert back_s <= BACK_S
    time.sleep(0.5)
    assert sounds(ear, 523.0)()
    assert player.pid("control") == control
    assert "engine was ended by SIGKILL" in player.said("SIGKILL")


def test_the_sound_does_not_need_the_control_process(player, ear):
    player.osc("/ddsp/param/tune", 12.0)
    until(sounds(ear, 523.0))
    engine, control = player.pid("engine"), player.pid("control")
    before = len(ear.heard().samples)
    killed_ns = time.monotonic_ns()
    os.kill(control, signal.SIGKILL)

    def answers():
        player.osc("/ddsp/param/tune", 0.0)
        return sounds(ear, 262.0)()

    back_s = until(answers, 10.0)
    print(f"control killed: OSC answers after {back_s:.2f} s")
    time.sleep(max(0.0, 3.0 - (time.monotonic_ns() - killed_ns) * 1e-9))
    levels = loudest(ear.heard().samples[before - SAMPLE_RATE :])
    print(f"quietest 20 ms: {levels.min():.3f} of {np.median(levels):.3f}")
    assert back_s <= BACK_S
    assert levels.min() > 0.5 * np.median(levels)
    assert player.pid("engine") == engine


def test_what_was_set_outlives_first_the_control_process_and_then_the_engine(player, ear):
    player.osc("/ddsp/param/tune", 12.0)
    until(sounds(ear, 523.0))
    control = player.pid("control")
    os.kill(control, signal.SIGKILL)
    until(lambda: player.pid("control") not in (None, control), 10.0)
    # It has to be up before it can hear from the engine what was set.
    time.sleep(2.0)
    killed_ns = time.monotonic_ns()
    os.kill(player.pid("engine"), signal.SIGKILL)
    wait_for_sound(ear, until_lost(ear, killed_ns))
    time.sleep(0.5)
    assert sounds(ear, 523.0)()


@pytest.mark.parametrize("away_s", [0.0, 3.0])
def test_a_server_that_is_killed_and_comes_back_is_played_on(jack, player, away_s):
    with steady(jack, player):
        pass
    jack.kill()
    time.sleep(away_s)
    jack.start()
    up_ns = time.monotonic_ns()
    with Ear(jack.environment, 30.0, "ear again") as again:
        back_s = wait_for_sound(again, up_ns)
        print(f"server killed: sound {back_s:.2f} s after it is up again")
        assert back_s <= BACK_S
    assert "has stopped calling" in player.said("stopped calling")


def test_a_server_that_comes_late_is_waited_for(server, tone, tmp_path):
    jack = server(128)
    with Player(jack, tmp_path, "--cv", str(tone)) as player:
        player.said("Waiting for it")
        time.sleep(2.0)
        assert player.process.poll() is None
        assert sum("Waiting" in line for line in player.lines) == 1
        jack.start()
        up_ns = time.monotonic_ns()
        with Ear(jack.environment, 30.0) as ear:
            back_s = wait_for_sound(ear, up_ns)
        print(f"server late: sound {back_s:.2f} s after it is up")
        assert back_s <= BACK_S
        assert player.end() == 0


def test_a_killed_supervisor_leaves_no_process_behind(player, ear):
    pids = player.pids()
    player.process.kill()
    player.process.wait()
    gone_s = until(lambda: not any(lives(pid) for pid in pids), 1.0)
    print(f"supervisor killed: all gone after {gone_s:.2f} s")


def test_a_stop_fades_out_and_leaves_nothing(jack, player, ear):
    pids, shared = player.pids(), shared_memory()
    asked = len(ear.heard().samples)
    assert player.end() == 0
    assert not any(lives(pid) for pid in pids)
    assert not set(pids) & set(children(os.getpid()))
    samples = ear.heard().samples
    end = int(np.flatnonzero(samples)[-1]) + 1
    tail, tone_before = samples[end - SAMPLE_RATE // 20 : end], samples[asked - SAMPLE_RATE : asked]
    assert np.abs(np.diff(tail)).max() <= 1.1 * np.abs(np.diff(tone_before)).max()
    assert np.abs(tail[-48:]).max() < 0.01 * np.abs(tone_before).max()
    assert shared_memory() == shared
    assert "xruns" in player.said("xruns")


def shared_memory():
    """What lies there, but for the audio server's own."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith("jack")}
