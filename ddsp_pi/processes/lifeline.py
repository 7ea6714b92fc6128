"""Ties a child process to the supervisor that started it, so that none is ever left over."""

import os
import signal
import sys

SUPERVISOR = "DDSP_PI_SUPERVISOR"
"""Environment variable in which a supervisor tells its children its process id."""

_PR_SET_PDEATHSIG = 1


def hold() -> None:
    """Have the kernel kill this process when its supervisor ends, however that ends.

    A child calls it first thing. Without a supervisor, as when started by hand, nothing happens.

    Raises:
        SystemExit: the supervisor has gone already.
        OSError: the kernel refuses.
    """
    supervisor = os.environ.pop(SUPERVISOR, None)
    if supervisor is not None:
        tie(int(supervisor))


def tie(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, even if it becomes another program.

    Args:
        parent: the process that is expected to be the parent.

    Raises:
        SystemExit: that one has gone already.
        OSError: the kernel refuses.
    """
    # Here, so that the supervisor itself, which only wants the name above, stays small.
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the process cannot be tied to its supervisor")
    # One that died before the call above sends no signal any more.
    if os.getppid() != parent:
        sys.exit("the supervisor has gone")
