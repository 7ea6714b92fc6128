"""The hearing in C: the same sums as `NumpyHearing`, and the fastest there is."""

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp import noise_spectrum, spectral_envelope, weighting
from ddsp_pi.dsp.hearing import CLIPPED, FULL_SCALE, MOMENT, OFFSET_SPEED, QUIET, Hearing, NumpyHearing
from ddsp_pi.dsp.pitch import HIGHEST_HZ, LOUDEST
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.native.library import kernel

_NUMBERS = (
    *("past_length", "squares_length", "partials", "bands", "noise_window", "smallest"),
    *("clipped_from", "clipped", "count", "asked", "moment", "period"),
)
_BOUNDS = (
    *("loudest", "full_scale", "offset_speed", "highest_hz", "floor", "no_state", "quiet"),
    *("loudness_edge", "loudness_shortest", "envelope_edge", "envelope_shortest"),
)
_HEARD = ("offset", "peak", "f0_hz", "power", "likeness", "curve_f0_hz", "asked_hz", "formant_ratio")
_POINTERS = (
    *("hop", "past", "squares", "noise_power", "sections", "states", "half_widths", "norms", "levels"),
    *("noise_taper", "noise_norms", "cosine", "sine", "out"),
)

_MOST_PERIODS = math.ceil(spectral_envelope.SHORTEST * HIGHEST_HZ / SAMPLE_RATE)
"""In one window, at the highest pitch there is."""


class _Hearing(ctypes.Structure):
    """`struct hearing` of hearing.c."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in _NUMBERS),
        *((name, ctypes.c_double) for name in (*_BOUNDS, *_HEARD)),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    )


class NativeHearing:
    """See Hearing; `NumpyHearing` is the definition of what it hears."""

    def __init__(self, library: ctypes.CDLL, n_bands: int) -> None:
        # Kept, for the kernel holds pointers to them.
        self._buffers = _buffers(n_bands)
        self._hop, self._clean = self._buffers["hop"], self._buffers["past"][-HOP:]
        self._state = _Hearing(
            past_length=spectral_envelope.LARGEST,
            squares_length=weighting.LONGEST,
            partials=spectral_envelope.PARTIALS,
            bands=n_bands,
            noise_window=noise_spectrum.WINDOW,
            smallest=spectral_envelope.SMALLEST,
            clipped_from=CLIPPED,
            loudest=LOUDEST,
            full_scale=FULL_SCALE,
            offset_speed=OFFSET_SPEED,
            highest_hz=spectral_envelope.HIGHEST_HZ,
            floor=spectral_envelope.FLOOR,
            no_state=weighting.NOTHING,
            moment=MOMENT,
            quiet=QUIET,
            loudness_edge=weighting.EDGE,
            loudness_shortest=weighting.SHORTEST,
            envelope_edge=spectral_envelope.EDGE,
            envelope_shortest=spectral_envelope.SHORTEST,
            **{name: buffer.ctypes.data for name, buffer in self._buffers.items()},
        )
        self._address = ctypes.c_void_p(ctypes.addressof(self._state))
        self._take, self._hear = library.hearing_take, library.hearing_hear
        self._harmonics, self._noise = library.hearing_harmonics, library.hearing_noise
        self._out: NDArray[np.float32] | None = None
        self.reset()

    @property
    def peak(self) -> float:
        """See Hearing."""
        return float(self._state.peak)

    @property
    def clipped(self) -> bool:
        """See Hearing."""
        return bool(self._state.clipped)

    def reset(self) -> None:
        """See Hearing."""
        state = self._state
        for name in ("past", "squares", "noise_power", "states"):
            self._buffers[name][:] = 0.0
        self._buffers["levels"][:] = math.log(spectral_envelope.FLOOR)
        state.offset, state.peak, state.clipped, state.count = 0.0, 0.0, 0, 1
        state.curve_f0_hz = 440.0

    def take(self, hop: NDArray[np.float32]) -> NDArray[np.float32]:
        """See Hearing."""
        self._hop[:] = hop
        self._take(self._address)
        return self._clean

    def hear(self, f0_hz: float) -> tuple[float, float]:
        """See Hearing."""
        state = self._state
        state.f0_hz, state.period = f0_hz, round(SAMPLE_RATE / f0_hz)
        self._hear(self._address)
        return weighting.decibels(state.power), state.likeness

    def harmonics(self, f0_hz: float, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """See Hearing."""
        state = self._state
        state.asked_hz, state.formant_ratio = f0_hz, formant_ratio
        self._ask(out)
        self._harmonics(self._address)

    def noise(self, formant_ratio: float, out: NDArray[np.float32]) -> None:
        """See Hearing."""
        self._state.formant_ratio = formant_ratio
        self._ask(out)
        self._noise(self._address)

    def _ask(self, out: NDArray[np.float32]) -> None:
        # Kept, for the kernel holds a pointer to it.
        self._out = out
        self._state.out, self._state.asked = out.ctypes.data, len(out)


def make_hearing(n_bands: int) -> Hearing:
    """The fastest there is.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    return NumpyHearing(n_bands) if library is None else NativeHearing(library, n_bands)


def _buffers(n_bands: int) -> dict[str, NDArray[np.floating]]:
    """Everything the kernel reads and writes, by the name it has there."""
    sections = weighting.a_sections()
    turn = np.arange(spectral_envelope.LARGEST) * (-2.0 * np.pi / spectral_envelope.LARGEST)
    periods = range(1, _MOST_PERIODS + 1)
    return {
        "hop": np.zeros(HOP, np.float32),
        "past": np.zeros(spectral_envelope.LARGEST, np.float32),
        "squares": np.zeros(weighting.LONGEST, np.float32),
        "noise_power": np.zeros(n_bands, np.float32),
        "sections": sections,
        "states": np.zeros(len(sections)),
        "half_widths": spectral_envelope.half_widths(),
        "norms": np.stack([spectral_envelope.shares(count) for count in periods]),
        "levels": np.zeros(spectral_envelope.PARTIALS + 3),
        "noise_taper": noise_spectrum.window(),
        "noise_norms": noise_spectrum.norms(n_bands).astype(np.float32),
        "cosine": np.cos(turn).astype(np.float32),
        "sine": np.sin(turn).astype(np.float32),
    }
