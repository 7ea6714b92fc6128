"""The synthesizer in C: the same sums as `NumpySynth`, one call for all voices."""

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import N_PLACES, PASS_HOPS, noise_bank, noise_places, pass_fade
from ddsp_pi.dsp.synthesis import Controls, Synth, follow_controls, silence
from ddsp_pi.frame import HOP

_GROUP, _COEFFICIENTS = 9, 20
"""GROUP and COEFFICIENTS of synth.c."""

_TURN = 1 << 64
"""Of the phase of `struct voice`."""

_POINTERS = (
    *("f0_hz", "level", "amplitudes", "magnitudes"),
    *("asked_harmonics", "asked_noise", "unit", "knobs", "tilt", "envelopes"),
    *("bank", "leaving", "arriving", "starts"),
    *("coefficients", "bands_in_pairs", "voice", "out"),
)
_NUMBERS = ("voices", "harmonics", "bands", "places", "pass_hops", "begin", "n")

_BEGIN, _N = _NUMBERS.index("begin"), _NUMBERS.index("n")


class _Synth(ctypes.Structure):
    """`struct synth` of synth.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in _NUMBERS),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


class NativeSynth:
    """Plays its controls with the native kernel; `NumpySynth` is the definition of what it plays."""

    def __init__(self, library: ctypes.CDLL, voices: int, n_harmonics: int, n_bands: int) -> None:
        self.controls = Controls(voices, n_harmonics, n_bands)
        self._out = np.zeros(HOP, np.float32)
        # struct voice: phase, pass, hop, sample.
        self._voices = np.zeros((voices, 4), np.uint64)
        self._buffers = self._shared(voices, n_harmonics, n_bands)
        addresses = [self._buffers[name].ctypes.data for name in _POINTERS]
        self._synth = _Synth(voices, n_harmonics, n_bands, N_PLACES, PASS_HOPS, 0, 0, *addresses)
        # Two numbers written here cost less than two more arguments of a call.
        self._numbers = memoryview(self._synth).cast("B")[: 4 * len(_NUMBERS)].cast("i")
        self._address = ctypes.c_void_p(ctypes.addressof(self._synth))
        self._render, self._begin_hop = library.synth_render, library.synth_begin_hop

    def _shared(self, voices: int, n_harmonics: int, n_bands: int) -> dict[str, NDArray[np.generic]]:
        """Everything the kernel reads and writes, by the name it has there; kept, for it holds pointers."""
        controls = self.controls
        leaving, arriving = pass_fade()
        groups = math.ceil(n_harmonics / _GROUP)
        return {
            "f0_hz": controls.f0_hz,
            "level": controls.level,
            "amplitudes": controls.harmonics,
            "magnitudes": controls.noise,
            "asked_harmonics": controls.asked[0],
            "asked_noise": controls.asked[1],
            "unit": controls.unit,
            "knobs": controls.knobs,
            "tilt": controls.tilt,
            "envelopes": controls.envelopes.table,
            "bank": noise_bank(n_bands),
            "leaving": leaving,
            "arriving": arriving,
            "starts": np.stack([noise_places(n_bands, seed=voice) for voice in range(voices)]),
            "coefficients": np.empty((groups, _COEFFICIENTS), np.float32),
            "bands_in_pairs": np.empty((n_bands, 2), np.float32),
            "voice": self._voices,
            "out": self._out,
        }

    def reset(self) -> None:
        """See Synth."""
        self._voices[...] = 0
        silence(self.controls)

    def turn_to(self, voice: int, turns: float) -> None:
        """See Synth."""
        self._voices[voice, 0] = int(turns * _TURN) % _TURN

    def follow(self, other: Synth) -> None:
        """See Synth."""
        assert isinstance(other, NativeSynth)
        self._voices[...] = other._voices
        follow_controls(self.controls, other.controls)

    def begin_hop(self) -> None:
        """See Synth."""
        self._begin_hop(self._address)

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """See Synth."""
        numbers = self._numbers
        numbers[_BEGIN], numbers[_N] = begin, n
        self._render(self._address)
        return self._out if n == HOP else self._out[:n]
