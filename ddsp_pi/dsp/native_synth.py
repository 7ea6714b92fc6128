"""The synthesizer in C: the same sums as `NumpySynth`, one call for all voices."""

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.noise import N_PLACES, PASS_HOPS, noise_bank, noise_places, pass_fade
from ddsp_pi.dsp.synthesis import Controls, Synth
from ddsp_pi.frame import HOP

_GROUP, _COEFFICIENTS = 9, 20
"""GROUP and COEFFICIENTS of synth.c."""

_POINTERS = (
    *("f0_hz", "level", "amplitudes", "magnitudes", "gain"),
    *("bank", "leaving", "arriving", "starts"),
    *("coefficients", "bands_in_pairs", "voice", "out"),
)
_NUMBERS = ("voices", "harmonics", "bands", "places", "pass_hops")


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
        self._synth = _Synth(voices, n_harmonics, n_bands, N_PLACES, PASS_HOPS, *addresses)
        self._address = ctypes.addressof(self._synth)
        self._render = library.synth_render
        self._render.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
        self._render.restype = None

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
            "gain": controls.gain,
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
        for control in (self.controls.level, self.controls.harmonics, self.controls.noise):
            control[...] = 0.0

    def follow(self, other: Synth) -> None:
        """See Synth."""
        assert isinstance(other, NativeSynth)
        assert other.controls.voices == self.controls.voices
        self._voices[...] = other._voices

    def render(self, begin: int, n: int) -> NDArray[np.float32]:
        """See Synth."""
        self._render(self._address, begin, n)
        return self._out[:n]
