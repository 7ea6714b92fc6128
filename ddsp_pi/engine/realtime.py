"""Real time for the engine's process: asked for, read back, and said in one line.

Nothing here raises: an engine without privileges plays too, only less safely, and says why.
"""

import ctypes
import gc
import os
import sys
from pathlib import Path

import msgspec

PRIORITY = 70
"""SCHED_FIFO; above the usual user threads, below a JACK server's own and the kernel's interrupts."""

BESIDE = 5
"""Of the other threads in the callback's process. They hold the interpreter's lock at times, and one that
loses its CPU to an ordinary program while it does keeps the callback waiting for milliseconds."""

SWITCH_INTERVAL_S = 0.0001
"""Longest that the callback waits for another Python thread; Python's own choice is 5 ms."""

_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
_CAP_IPC_LOCK = 1 << 14
_LIMITS = "or for a login 'audio - {0}' in /etc/security/limits.d/audio.conf and the user in group audio"
_MEND_PRIORITY = "set LimitRTPRIO=95 in the service's unit, " + _LIMITS.format("rtprio 95")
_MEND_MEMORY = "set LimitMEMLOCK=infinity in the service's unit, " + _LIMITS.format("memlock unlimited")


class Grant(msgspec.Struct, frozen=True):
    """One thing that was asked for: whether it holds, in words, and how to mend it if not."""

    granted: bool
    said: str
    mend: str = ""


class Granted(msgspec.Struct, frozen=True):
    """All that was asked for; str() is the line for the log."""

    grants: tuple[Grant, ...]

    def __str__(self) -> str:
        held = ", ".join(grant.said for grant in self.grants if grant.granted)
        refused = [f"{grant.said} ({grant.mend})" for grant in self.grants if not grant.granted]
        return "; ".join((f"real time: {held or 'nothing granted'}", *(f"refused: {r}" for r in refused)))


def raise_thread(priority: int = PRIORITY) -> Grant:
    """SCHED_FIFO for the calling thread, unless it is real-time already, as JACK's own is."""
    if _policy() not in _REAL_TIME:
        try:
            # 0 is the calling thread, not its process. What it starts does not inherit it.
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
        except OSError as error:
            return Grant(False, f"real-time scheduling: {error.strerror}", _MEND_PRIORITY)
    policy, held = _policy(), os.sched_getparam(0).sched_priority
    if policy not in _REAL_TIME:
        return Grant(False, f"real-time scheduling: still {_POLICIES.get(policy, policy)}", _MEND_PRIORITY)
    return Grant(True, f"{_REAL_TIME[policy]} {held}")


def settle_process() -> Granted:
    """Lock the memory, freeze and stop the garbage collector, and let threads change over quickly."""
    return Granted((_lock_memory(), _freeze_garbage(), _switch_quickly()))


_REAL_TIME = {os.SCHED_FIFO: "SCHED_FIFO", os.SCHED_RR: "SCHED_RR"}
_POLICIES = {os.SCHED_OTHER: "SCHED_OTHER", os.SCHED_BATCH: "SCHED_BATCH", os.SCHED_IDLE: "SCHED_IDLE"}


def _policy() -> int:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


def _lock_memory() -> Grant:
    flags = _CURRENT | _ON_FAULT
    if _may_lock_all():
        # Under a limit, what is allocated later would not only stay unlocked: it would be refused.
        flags |= _FUTURE
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(flags):
        reason = os.strerror(ctypes.get_errno())
        return Grant(False, f"memory lock: {reason}", _MEND_MEMORY)
    locked_kb = int(_status("VmLck").split()[0])
    if not locked_kb:
        return Grant(False, "memory lock: nothing is locked", _MEND_MEMORY)
    later = "" if flags & _FUTURE else ", not what comes later"
    return Grant(True, f"memory locked ({locked_kb / 1024:.0f} MB mapped{later})")


def _may_lock_all() -> bool:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return soft == resource.RLIM_INFINITY or bool(int(_status("CapEff"), 16) & _CAP_IPC_LOCK)


def _status(field: str) -> str:
    """A line of this process's status."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{field}:"))


def _freeze_garbage() -> Grant:
    gc.collect()
    gc.freeze()
    gc.disable()
    frozen = gc.get_freeze_count()
    return Grant(not gc.isenabled() and frozen > 0, f"garbage collector off ({frozen} objects frozen)")


def _switch_quickly() -> Grant:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    read_ms = sys.getswitchinterval() * 1e3
    return Grant(read_ms < 1.0, f"threads switch after {read_ms:.1f} ms")
