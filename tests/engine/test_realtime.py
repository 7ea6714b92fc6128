"""Real-time privileges: asked of the real kernel, with and without the right to them."""

import os
import subprocess
import sys

import pytest

from ddsp_pi.engine.realtime import Grant, Granted

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="may not become another user")

APPLY = """
import gc, os, resource, sys
from ddsp_pi.engine import realtime
{before}
granted = realtime.Granted((realtime.raise_thread(), *realtime.settle_process().grants))
print(*(grant.granted for grant in granted.grants))
print(granted)
policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
print(policy == os.SCHED_FIFO, os.sched_getparam(0).sched_priority)
print(realtime._status("VmLck"))
print(gc.isenabled(), gc.get_freeze_count() > 1000, round(sys.getswitchinterval(), 6))
"""

NOBODY = """
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
resource.setrlimit(resource.RLIMIT_MEMLOCK, ({limit}, {limit}))
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""


def applied(before=""):
    """Each grant, the line, and what the kernel says afterwards, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", APPLY.format(before=before)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    grants, line, *read = done.stdout.splitlines()
    return [word == "True" for word in grants.split()], line, read


@ROOT
def test_what_is_granted_holds():
    grants, line, (scheduling, locked, rest) = applied()
    assert grants == [True] * 4
    assert scheduling == "True 70"
    assert int(locked.split()[0]) > 10_000
    assert rest == "False True 0.0001"
    assert line.startswith("real time: SCHED_FIFO 70, memory locked (")
    assert "refused" not in line
    assert "not what comes later" not in line


@ROOT
def test_what_is_refused_is_named_with_its_remedy():
    grants, line, (scheduling, locked, rest) = applied(NOBODY.format(limit=0))
    assert grants == [False, False, True, True]
    assert scheduling == "False 0"
    assert int(locked.split()[0]) == 0
    assert rest == "False True 0.0001"
    assert "refused: real-time scheduling: Operation not permitted (set LimitRTPRIO=95" in line
    assert "refused: memory lock: Operation not permitted (set LimitMEMLOCK=infinity" in line
    assert "group audio" in line


@ROOT
def test_a_small_limit_is_no_lock():
    grants, line, _ = applied(NOBODY.format(limit=1 << 20))
    assert not grants[1]
    assert "memory lock: Cannot allocate memory (set LimitMEMLOCK=infinity" in line


@ROOT
@pytest.mark.parametrize(("before", "whole"), [("", True), (NOBODY.format(limit=1 << 20), False)])
def test_only_without_a_limit_is_later_memory_locked(before, whole):
    """Under a limit the allocations after it would be refused, and the engine would end."""
    _, line, _ = applied(f"{before}\nassert realtime._may_lock_all() is {whole}")
    assert ("refused: memory lock" in line) is not whole


@ROOT
def test_a_thread_that_is_real_time_already_keeps_its_place():
    _, line, (scheduling, *_) = applied("os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(12))")
    assert scheduling == "True 12"
    assert "SCHED_FIFO 12" in line


@ROOT
def test_only_the_calling_thread_is_raised():
    script = (
        "import os, threading\n"
        "from ddsp_pi.engine.realtime import raise_thread\n"
        "said = []\n"
        "thread = threading.Thread(target=lambda: said.append(raise_thread(33).said))\n"
        "thread.start(); thread.join()\n"
        "print(said[0], os.sched_getscheduler(0) == os.SCHED_OTHER)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "SCHED_FIFO 33 True\n"


def test_the_line_names_both_sides():
    granted = Granted((Grant(True, "a"), Grant(False, "b: no", "do c"), Grant(True, "d")))
    assert str(granted) == "real time: a, d; refused: b: no (do c)"
    assert str(Granted((Grant(False, "b", "c"),))) == "real time: nothing granted; refused: b (c)"
