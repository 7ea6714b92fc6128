"""The supervisor's decisions, without processes and without waiting."""

import os
import subprocess
import sys

import pytest

from ddsp_pi.link.latest import Latest
from ddsp_pi.processes import lifeline
from ddsp_pi.processes.child import Backoff
from ddsp_pi.processes.heartbeat import Heartbeat, Patience

LOOK_S = 0.1


@pytest.fixture
def record():
    return Latest(memoryview(bytearray(Latest.size(8))))


@pytest.fixture
def heartbeat(record):
    heartbeat = Heartbeat(record, Patience(first_beat_s=20.0, beat_s=0.5), LOOK_S)
    heartbeat.expect(100.0)
    return heartbeat


def looks(heartbeat, begin_s, end_s):
    """What is seen by looking regularly."""
    n = round((end_s - begin_s) / LOOK_S)
    return [heartbeat.stalled(begin_s + (i + 1) * LOOK_S) for i in range(n)]


def test_the_first_beat_may_take_long(heartbeat):
    assert not any(looks(heartbeat, 100.0, 119.8))
    assert any(looks(heartbeat, 119.8, 120.2))


def test_after_the_first_beat_half_a_second_is_too_long(heartbeat, record):
    record.write(b"")
    assert not any(looks(heartbeat, 100.0, 100.4))
    assert looks(heartbeat, 100.4, 101.0)[-1] == "stood still for 0.5 s"


def test_what_moves_is_never_blamed(heartbeat, record):
    for step in range(100):
        record.write(b"")
        assert not any(looks(heartbeat, 100.0 + step * 0.4, 100.4 + step * 0.4))


def test_a_new_engine_is_not_blamed_for_the_old_one_s_beats(heartbeat, record):
    record.write(b"")
    assert any(looks(heartbeat, 100.0, 102.0))
    heartbeat.expect(102.0)
    assert not any(looks(heartbeat, 102.0, 121.0))


def test_an_engine_that_died_inside_a_write_does_not_hide_its_successor_s_beats(record):
    memory = record._memory
    memory[0] = 7
    heartbeat = Heartbeat(record, Patience(), LOOK_S)
    heartbeat.expect(0.0)
    record.write(b"")
    assert not any(looks(heartbeat, 0.0, 0.3))
    assert any(looks(heartbeat, 0.3, 1.0))


def test_a_supervisor_that_could_not_look_blames_nobody(heartbeat, record):
    record.write(b"")
    heartbeat.stalled(100.1)
    assert heartbeat.stalled(160.0) is None, "after a minute of sleep"
    record.write(b"")
    assert not any(looks(heartbeat, 160.0, 160.4))


def test_a_program_is_started_again_at_once_and_then_twice_a_second():
    backoff = Backoff()
    assert [backoff.delay_s(0.2) for _ in range(3)] == [0.0, pytest.approx(0.3), pytest.approx(0.3)]
    assert backoff.delay_s(3.0) == 0.0, "it is half a second since its start already"


def test_a_program_that_lived_is_started_again_at_once():
    backoff = Backoff()
    for _ in range(5):
        backoff.delay_s(0.0)
    assert backoff.delay_s(5.1) == 0.0
    assert backoff.delay_s(0.0) == 0.5


def run_held(supervisor: str | None) -> subprocess.CompletedProcess[str]:
    program = (
        "import os; from ddsp_pi.processes import lifeline; lifeline.hold(); "
        "print('held', lifeline.SUPERVISOR in os.environ)"
    )
    env = {name: value for name, value in os.environ.items() if name != lifeline.SUPERVISOR}
    if supervisor is not None:
        env[lifeline.SUPERVISOR] = supervisor
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)


def test_without_a_supervisor_nothing_is_held():
    assert run_held(None).stdout == "held False\n"


def test_with_its_supervisor_a_child_goes_on_and_passes_the_tie_to_nobody():
    assert run_held(str(os.getpid())).stdout == "held False\n"


def test_a_child_whose_supervisor_has_gone_ends():
    ended = run_held("1")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "supervisor has gone" in ended.stderr
