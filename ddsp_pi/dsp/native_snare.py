"""The snare in C: the same sums as `NumpySnare`, and the fastest there is."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hits import ROWS, Hits
from ddsp_pi.dsp.snare import NumpySnare, Snare, drum_noise
from ddsp_pi.frame import HOP
from ddsp_pi.native.library import kernel


class _Snare(ctypes.Structure):
    """`struct snare` of snare.c."""

    _fields_ = (
        ("rows", ctypes.c_int32),
        ("n", ctypes.c_int32),
        ("clock", ctypes.c_uint64),
        ("hits", ctypes.c_void_p),
        ("noise", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
    )


class NativeSnare:
    """Plays its hits with the native kernel; `NumpySnare` is the definition of what it plays."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.hits = Hits()
        self._noise, self._out = drum_noise(), np.zeros(HOP, np.float32)
        buffers = (self.hits.table, self._noise, self._out)
        self._state = _Snare(ROWS, 0, 0, *(buffer.ctypes.data for buffer in buffers))
        self._address = ctypes.c_void_p(ctypes.addressof(self._state))
        self._render = library.snare_render

    @property
    def clock(self) -> int:
        """See Snare."""
        return int(self._state.clock)

    def reset(self) -> None:
        """See Snare."""
        self.hits.reset()
        self._state.clock = 0

    def render(self, n: int) -> NDArray[np.float32]:
        """See Snare."""
        self._state.n = n
        self._render(self._address)
        return self._out if n == HOP else self._out[:n]


def make_snare() -> Snare:
    """The fastest snare there is.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    return NumpySnare() if library is None else NativeSnare(library)
