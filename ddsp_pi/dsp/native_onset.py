"""The onset detector in C: the same sums as `PythonOnsets`, and the fastest there is."""

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp import onset
from ddsp_pi.dsp.onset import Onset, OnsetDetector, PythonOnsets, certainty_of, check_length, peak_db_of
from ddsp_pi.dsp.onset_settings import MODES, OnsetSettings, law_of
from ddsp_pi.frame import HOP
from ddsp_pi.native.library import kernel

_LAW = (
    *("b0", "b1", "a1", "a2", "fast_up", "fast_down", "slow_up", "slow_down"),
    *("on", "off", "margin", "lowest", "highest", "floor_up", "floor_down"),
    *("envelope_fall", "mask_depth", "mask_fall"),
)
_BOUNDS = ("loudest", "no_power", "nothing", "share", "clear", "most")
_STATE = ("z1", "z2", "energy", "floor", "envelope", "fast", "slow", "mask", "rise")
_HEARD = ("time", "peak", "rose")
_NUMBERS = ("cell", "hold", "look", "remembered", "filled", "armed", "n")


class _Onset(ctypes.Structure):
    """`struct onset` of onset.c."""

    _fields_ = (
        *((name, ctypes.c_double) for name in (*_LAW, *_BOUNDS, *_STATE, *_HEARD)),
        *((name, ctypes.c_int64) for name in ("position", "last")),
        *((name, ctypes.c_void_p) for name in ("past", "piece")),
        *((name, ctypes.c_int32) for name in _NUMBERS),
    )


class NativeOnsets:
    """See OnsetDetector; `PythonOnsets` is the definition of what it hears."""

    def __init__(self, library: ctypes.CDLL, settings: OnsetSettings = MODES["normal"]) -> None:
        # Kept, for the kernel holds pointers to them.
        self._past, self._piece = np.zeros(onset.PAST, np.float32), np.zeros(HOP, np.float32)
        self._state = _Onset(
            loudest=onset.LOUDEST,
            no_power=onset.NO_POWER,
            nothing=onset.NOTHING,
            share=onset.SHARE,
            clear=onset.CLEAR,
            most=onset.MOST,
            look=onset.LOOK,
            remembered=onset.PAST,
            past=self._past.ctypes.data,
            piece=self._piece.ctypes.data,
        )
        self._address = ctypes.c_void_p(ctypes.addressof(self._state))
        self._hear = library.onset_hear
        self.tune(settings)
        self.reset()

    @property
    def floor_db(self) -> float:
        """See OnsetDetector."""
        return float(self._state.floor)

    def tune(self, settings: OnsetSettings) -> None:
        """See OnsetDetector."""
        state = self._state
        for name, value in law_of(settings).items():
            setattr(state, name, value)
        state.floor = min(max(state.floor, state.lowest), state.highest)
        state.fast = max(state.fast, state.floor + state.margin)
        state.slow = max(state.slow, state.floor + state.margin)

    def reset(self) -> None:
        """See OnsetDetector."""
        state = self._state
        self._past[:] = 0.0
        state.z1 = state.z2 = state.energy = state.rise = 0.0
        state.floor = min(max(onset.START_DB, state.lowest), state.highest)
        state.fast = state.slow = state.floor + state.margin
        state.envelope = state.mask = -math.inf
        state.position, state.filled, state.last, state.armed = 0, 0, onset.LONG_AGO, 1

    def hear(self, piece: NDArray[np.float32]) -> Onset | None:
        """See OnsetDetector."""
        length, state = len(piece), self._state
        check_length(length)
        self._piece[:length] = piece
        state.n = length
        if not self._hear(self._address):
            return None
        certainty = certainty_of(state.rose, state.on)
        return Onset(state.time, state.last, peak_db_of(state.peak), state.rose, certainty)


def make_onsets(settings: OnsetSettings = MODES["normal"]) -> OnsetDetector:
    """The fastest detector there is.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    return PythonOnsets(settings) if library is None else NativeOnsets(library, settings)


def find_onsets(audio: NDArray[np.float32], settings: OnsetSettings = MODES["normal"]) -> list[Onset]:
    """All hits of a whole recording, (n,) samples: the very same that are heard live."""
    detector = make_onsets(settings)
    heard = (detector.hear(audio[at : at + HOP]) for at in range(0, len(audio), HOP))
    return [hit for hit in heard if hit is not None]
