import os
import signal
import subprocess
import sys
import time

import pytest

from ddsp_pi.processes.child import BEGIN_ANEW
from ddsp_pi.processes.crashes import LOOP
from tests.processes.stage import (
    ANEW,
    BEAT,
    BEAT_ONCE,
    DEAF,
    DEAF_AND_UNTIED,
    FAIL,
    GONE,
    HEARS_HANGUP,
    IDLE,
    REFUSE,
    SLOW_TO_BEAT,
    Stage,
    lives,
    open_files,
)


@pytest.fixture
def play(tmp_path):
    stages = []

    def play(engine=BEAT, control=IDLE, apart_s=0.5, most_crashes=0, **patience):
        stages.append(Stage(tmp_path, engine, control, patience, apart_s, most_crashes=most_crashes))
        return stages[-1]

    yield play
    for stage in stages:
        stage.close()


@pytest.mark.parametrize("name", ["engine", "control"])
def test_a_killed_child_is_started_again_and_the_other_plays_on(play, name):
    stage = play()
    pids = dict(zip(("engine", "control"), stage.until_playing(), strict=True))
    os.kill(pids.pop(name), signal.SIGKILL)
    stage.until(lambda: len(stage.pids(name)) == 2)
    ((other, pid),) = pids.items()
    assert stage.pids(other) == [pid]
    assert lives(pid)
    assert stage.said().count("\n") == 1
    assert f"{name} was ended by SIGKILL after" in stage.said()
    assert "started again now" in stage.said()


def test_an_engine_that_stops_moving_is_killed_and_started_again(play):
    stage = play()
    engine, control = stage.until_playing()
    os.kill(engine, signal.SIGSTOP)
    stage.until(lambda: len(stage.pids("engine")) == 2)
    assert not lives(engine)
    assert stage.pids("control") == [control]
    assert "engine stood still for 0.5 s and was killed after" in stage.said()


def test_an_engine_that_hangs_after_its_first_beat_is_killed(play):
    stage = play(engine=BEAT_ONCE, beat_s=0.2)
    stage.until(lambda: len(stage.pids("engine")) == 3)
    assert "stood still for 0.2 s" in stage.said()


def test_an_engine_that_never_beats_is_given_longer(play):
    stage = play(engine=IDLE, beat_s=0.1, first_beat_s=1.5)
    begun = time.monotonic()
    stage.until(lambda: len(stage.pids("engine")) == 2)
    assert time.monotonic() - begun > 1.0
    assert "stood still for 1.5 s" in stage.said()


def test_a_new_engine_may_take_its_time_like_the_first(play):
    stage = play(engine=SLOW_TO_BEAT, beat_s=0.4)
    stage.until(lambda: stage.pids("engine", "ready"))
    os.kill(stage.pids("engine")[0], signal.SIGKILL)
    stage.until(lambda: len(stage.pids("engine", "ready")) == 2)
    assert len(stage.pids("engine")) == 2
    assert "stood still" not in stage.said()


def test_control_needs_no_heartbeat(play):
    stage = play(first_beat_s=0.8)
    _, control = stage.until_playing()
    os.kill(control, signal.SIGSTOP)
    time.sleep(1.0)
    assert lives(control)
    assert stage.said() == ""


def test_no_child_outlives_a_killed_supervisor(play):
    stage = play(engine=DEAF)
    pids = stage.until_playing()
    stage.until(lambda: stage.pids("engine", "deaf"))
    assert all(lives(pid) for pid in pids)
    stage.supervisor.kill()
    stage.supervisor.wait()
    stage.until(lambda: not any(lives(pid) for pid in pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_both_fade_and_leaves_nothing(play, number):
    stage = play()
    pids = stage.until_playing()
    # Ctrl-C in a terminal goes to the whole group of processes.
    os.killpg(stage.supervisor.pid, number)
    assert stage.supervisor.wait(30) == 0
    assert stage.pids("engine", "faded") + stage.pids("control", "faded") == list(pids)
    assert not any(lives(pid) for pid in pids)
    assert stage.said() == ""


def test_a_child_that_does_not_hear_a_stop_is_killed(play):
    stage = play(engine=DEAF_AND_UNTIED, stop_s=0.5)
    engine, _ = stage.until_playing()
    stage.until(lambda: stage.pids("engine", "deaf"))
    stage.supervisor.terminate()
    assert stage.supervisor.wait(30) == 0
    assert not lives(engine)
    assert "engine did not end within 0.5 s" in stage.said()


@pytest.mark.parametrize("programs", [{"engine": REFUSE}, {"control": REFUSE}])
def test_unusable_input_ends_everything_with_2(play, programs):
    stage = play(**programs)
    assert stage.supervisor.wait(30) == 2
    (refusing,) = programs
    (other,) = {"engine", "control"} - programs.keys()
    assert stage.pids(other, "faded") == stage.pids(other)
    assert len(stage.pids(refusing)) == 1
    assert f"{refusing} ended with exit code 2" in stage.said()


@pytest.mark.parametrize("name", ["engine", "control"])
def test_too_many_crashes_end_everything_where_that_is_wanted(play, name):
    stage = play(**{name: FAIL}, apart_s=0.0, most_crashes=3)
    assert stage.supervisor.wait(30) == LOOP
    assert len(stage.pids(name)) == 3
    assert "crashed too often" in stage.said()


def test_what_has_lost_its_sound_card_has_not_crashed(play):
    stage = play(engine=GONE, apart_s=0.0, most_crashes=3)
    stage.until(lambda: len(stage.pids("engine")) > 8)
    assert stage.supervisor.poll() is None


def test_settings_that_change_everything_end_everything_with_a_fade(play):
    stage = play(control=ANEW)
    assert stage.supervisor.wait(30) == BEGIN_ANEW
    assert stage.pids("engine", "faded") == stage.pids("engine")


def test_a_hangup_is_for_control_where_that_is_wanted(play):
    stage = play(control=HEARS_HANGUP, most_crashes=3)
    stage.until(lambda: stage.pids("control", "hears"))
    stage.supervisor.send_signal(signal.SIGHUP)
    stage.until(lambda: stage.pids("control", "heard"))
    assert len(stage.pids("control")) == len(stage.pids("engine")) == 1


def fewest_files(pid):
    """Files that stay open; those that are open only for the moment of a start are not counted."""
    counts = []
    for _ in range(100):
        counts.append(open_files(pid))
        time.sleep(0.005)
    return min(counts)


def test_many_restarts_leak_nothing(play):
    stage = play(engine=FAIL, apart_s=0.0)
    stage.until(lambda: len(stage.pids("engine")) > 3)
    few = fewest_files(stage.supervisor.pid)
    stage.until(lambda: len(stage.pids("engine")) > 23)
    assert fewest_files(stage.supervisor.pid) <= few
    children = f"/proc/{stage.supervisor.pid}/task/{stage.supervisor.pid}/children"
    with open(children, encoding="ascii") as file:
        assert len(file.read().split()) <= 2
    assert not any(lives(pid) for pid in stage.pids("engine")[:-2])


def test_a_child_that_keeps_failing_is_not_started_without_pause(play):
    stage = play(engine=FAIL)
    stage.until(lambda: len(stage.pids("engine")) == 3)
    third = time.monotonic()
    stage.until(lambda: len(stage.pids("engine")) == 7)
    assert time.monotonic() - third > 1.0, "four more starts take two seconds"
    assert "started again now" in stage.said().splitlines()[0]
    assert "started again in 0." in stage.said().splitlines()[1]


def test_a_program_that_cannot_be_started_is_tried_again(tmp_path):
    from ddsp_pi.link import shared
    from ddsp_pi.processes.supervisor import Supervisor

    said = []

    def say(text):
        said.append(text)
        if len(said) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    link = shared.create()
    before, handlers = open_files(os.getpid()), signal.getsignal(signal.SIGTERM)
    assert Supervisor(link, {"engine": [str(tmp_path / "missing")]}, say=say).run() == 0
    assert all("engine cannot be started" in text and "missing" in text for text in said)
    assert open_files(os.getpid()) == before
    assert signal.getsignal(signal.SIGTERM) is handlers
    assert signal.set_wakeup_fd(-1) == -1
    link.close()


def test_the_supervisor_loads_no_more_than_it_needs():
    program = "import sys, ddsp_pi.processes.supervisor; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    modules = loaded.stdout.split()
    ours = {name for name in modules if name.startswith("ddsp_pi.")}
    assert {name.split(".")[1] for name in ours} == {"errors", "link", "processes"}
    assert {"numpy", "msgspec", "onnxruntime", "asyncio", "ctypes"}.isdisjoint(modules)
