"""The similarity window in C: the same sums as `NumpyEar`, and the fastest there is."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.ear import DOUBT, FAINT, OCTAVE, RATIO, SLACK, Ear, NumpyEar, Tone, lags_of, tone_of
from ddsp_pi.dsp.nsdf import INTERPOLATOR, QUIET, Window, lowpass
from ddsp_pi.frame import HOP
from ddsp_pi.native.library import kernel

_SPARE, _ROW = 32, 40
"""SPARE and ROW of similarity.c."""

_NUMBERS = ("step", "width", "longest", "shortest", "last", "taps", "recent_length")
_BOUNDS = ("quiet", "faint", "slack", "doubt", "ratio", "octave")
_HEARD = ("lag", "height", "below", "below_height")
_POINTERS = ("tap", "interpolator", "recent", "past", "hop")


class _Similarity(ctypes.Structure):
    """`struct similarity` of similarity.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in _NUMBERS),
        *((name, ctypes.c_float) for name in _BOUNDS),
        *((name, ctypes.c_double) for name in _HEARD),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


class NativeEar:
    """See Ear; `NumpyEar` is the definition of what it hears."""

    def __init__(self, library: ctypes.CDLL, window: Window, low_hz: float, high_hz: float) -> None:
        self._rate = window.rate
        taps = lowpass(window.step)
        fine = INTERPOLATOR.shape[1]
        # Kept, for the kernel holds pointers to them.
        self._buffers = {
            "tap": taps,
            "interpolator": np.pad(INTERPOLATOR, ((0, 0), (0, _ROW - fine))),
            "recent": np.zeros(len(taps) - window.step + HOP, np.float32),
            "past": np.zeros(window.length + _SPARE, np.float32),
            "hop": np.zeros(HOP, np.float32),
        }
        self._hop = self._buffers["hop"]
        numbers = (window.step, window.width, window.longest, *lags_of(window, low_hz, high_hz))
        sizes = (*numbers, len(taps), len(self._buffers["recent"]))
        bounds = (QUIET, FAINT, SLACK, DOUBT, RATIO, OCTAVE)
        addresses = (self._buffers[name].ctypes.data for name in _POINTERS)
        self._state = _Similarity(*sizes, *bounds, 0.0, 0.0, 0.0, 0.0, *addresses)
        self._address = ctypes.c_void_p(ctypes.addressof(self._state))
        self._hear = library.similarity_hear

    def reset(self) -> None:
        """See Ear."""
        for name in ("recent", "past"):
            self._buffers[name][:] = 0.0

    def hear(self, hop: NDArray[np.float32]) -> Tone:
        """See Ear."""
        self._hop[:] = hop
        self._hear(self._address)
        state = self._state
        return tone_of(self._rate, state.lag, state.height, state.below, state.below_height)


def make_ear(window: Window, low_hz: float, high_hz: float) -> Ear:
    """The fastest ear there is, for notes from low to high.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    if library is None:
        return NumpyEar(window, low_hz, high_hz)
    return NativeEar(library, window, low_hz, high_hz)
