"""The last stage: whatever happens before, the rack's next module gets a sane signal."""

import ctypes
import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.cells import cells
from ddsp_pi.dsp.limiter import CEILING, RELEASE_S, Limiter, highest, silence_insane
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.native.library import kernel

LOUDEST = 1000.0
"""Samples are held to 60 dB over full scale, or one absurd one would keep the limiter shut for seconds."""

FADE = round(0.05 * SAMPLE_RATE)
"""Samples from silence to open and back."""

_POLE = math.exp(-2.0 * math.pi * 5.0 / SAMPLE_RATE)
"""DC blocker, a first-order high-pass at 5 Hz: y[i] = pole · y[i−1] + scale · (x[i] − x[i−1])."""

_SCALE = (1.0 + _POLE) / 2.0
"""For gain 1 at Nyquist."""

_CHUNK = HOP
"""Samples of the DC blocker in one product of a matrix and a vector."""

_NOTHING = 1e-15
"""A smaller state is 0, before it gets denormal, and slow."""


class OutputStage(Protocol):
    """Guard against NaN and infinity → DC blocker → limiter → fade, in place."""

    @property
    def peak(self) -> float:
        """Highest sample behind the limiter since the reset; the fade is not counted."""

    @property
    def rejected(self) -> int:
        """Samples that were not finite since the reset."""

    @property
    def faded_out(self) -> bool:
        """Whether a fade-out has arrived at silence."""

    def process(self, block: NDArray[np.float32]) -> bool:
        """Work on (n,) contiguous samples in place; False if some were not finite and have been silenced."""

    def fade_in(self) -> None:
        """Open from the next sample on, from wherever the fade is."""

    def fade_out(self) -> None:
        """Close from the next sample on, from wherever the fade is."""

    def reset(self) -> None:
        """As new: no signal remembered, counts at 0, and the fade-in starts again if there is one."""


class NumpyOutput:
    """Any block size sounds the same, but for rounding."""

    def __init__(self, fade_in: bool = True) -> None:
        self._start = 0 if fade_in else FADE
        self._limiter = Limiter()
        self._curve = _fade_curve()
        self._response = _dc_response()
        # What the DC blocker remembers, and the samples behind it.
        self._input = np.zeros(_CHUNK + 1, np.float32)
        self._first = cells(self._input)
        self._whole = self._cut(_CHUNK)
        self.reset()

    @property
    def peak(self) -> float:
        """See OutputStage."""
        return self._limiter.peak

    @property
    def faded_out(self) -> bool:
        """See OutputStage."""
        return self._step < 0 and self._position == 0

    def fade_in(self) -> None:
        """See OutputStage."""
        self._step = 1

    def fade_out(self) -> None:
        """See OutputStage."""
        self._step = -1

    def reset(self) -> None:
        """See OutputStage."""
        self._limiter.reset()
        self.rejected = 0
        self._memory = 0.0
        self._position, self._step = self._start, 1

    def process(self, block: NDArray[np.float32]) -> bool:
        """See OutputStage."""
        insane = self._guard(block)
        for begin in range(0, len(block), _CHUNK):
            self._block_dc(block if len(block) <= _CHUNK else block[begin : begin + _CHUNK])
        self._limiter.process(block)
        self._fade(block)
        return insane == 0

    def _guard(self, block: NDArray[np.float32]) -> int:
        # Written so that a NaN, which no comparison holds for, counts as beyond.
        if highest(block) <= LOUDEST:
            return 0
        insane = silence_insane(block)
        np.clip(block, -LOUDEST, LOUDEST, out=block)
        self.rejected += insane
        return insane

    def _block_dc(self, block: NDArray[np.float32]) -> None:
        n = len(block)
        samples, first_and_samples, response, ringing = self._whole if n == _CHUNK else self._cut(n)
        np.copyto(samples, block)
        # Kept in full precision: on blocks of one sample its rounding would add up.
        self._first[0], memory = self._memory, self._memory * _POLE**n + ringing.dot(block).item()
        self._memory = 0.0 if abs(memory) < _NOTHING else memory
        response.dot(first_and_samples, block)

    def _cut(self, n: int) -> tuple[NDArray[np.float32], ...]:
        """What n samples need of the buffers and the matrix."""
        return (
            self._input[1 : n + 1],
            self._input[: n + 1],
            self._response[:n, : n + 1],
            self._response[_CHUNK, _CHUNK + 1 - n :],
        )

    def _fade(self, block: NDArray[np.float32]) -> None:
        if self._step > 0 and self._position == FADE:
            return
        moved = self._position + self._step * np.arange(1, len(block) + 1)
        positions = np.clip(moved, 0, FADE)
        block *= self._curve[positions]
        self._position = int(positions[-1]) if len(positions) else self._position


class _Output(ctypes.Structure):
    """`struct output` of output.c."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("pole", "scale", "last_in", "last_out")),
        *((name, ctypes.c_double) for name in ("ceiling", "fall", "follower", "loudest", "peak")),
        ("rejected", ctypes.c_int64),
        ("curve", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("length", "position", "step", "n")),
        ("block", ctypes.c_void_p),
    )


class NativeOutput:
    """The same in C, where a sample by sample loop costs nothing."""

    def __init__(self, library: ctypes.CDLL, fade_in: bool = True) -> None:
        self._start = 0 if fade_in else FADE
        # Kept, for the kernel holds a pointer to it.
        self._curve = _fade_curve()
        self._state = _Output(
            pole=_POLE,
            scale=_SCALE,
            ceiling=CEILING,
            fall=math.exp(-1.0 / (RELEASE_S * SAMPLE_RATE)),
            loudest=LOUDEST,
            curve=self._curve.ctypes.data,
            length=FADE,
        )
        self._address = ctypes.c_void_p(ctypes.addressof(self._state))
        self._process = library.output_process
        self._block: NDArray[np.float32] | None = None
        self.reset()

    @property
    def peak(self) -> float:
        """See OutputStage."""
        return float(self._state.peak)

    @property
    def rejected(self) -> int:
        """See OutputStage."""
        return int(self._state.rejected)

    @property
    def faded_out(self) -> bool:
        """See OutputStage."""
        return bool(self._state.step < 0 and self._state.position == 0)

    def fade_in(self) -> None:
        """See OutputStage."""
        self._state.step = 1

    def fade_out(self) -> None:
        """See OutputStage."""
        self._state.step = -1

    def reset(self) -> None:
        """See OutputStage."""
        state = self._state
        state.last_in = state.last_out = state.follower = state.peak = 0.0
        state.rejected, state.position, state.step = 0, self._start, 1

    def process(self, block: NDArray[np.float32]) -> bool:
        """See OutputStage."""
        if block is not self._block:
            self._take(block)
        return bool(self._process(self._address) == 0)

    def _take(self, block: NDArray[np.float32]) -> None:
        """Live, it is the same block again and again, and its address is asked for once."""
        # Kept, for the kernel holds a pointer to it.
        self._block = block
        self._state.block, self._state.n = block.ctypes.data, len(block)


def make_output(fade_in: bool = True) -> OutputStage:
    """The fastest there is; files that are rendered want no fade-in.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    return NumpyOutput(fade_in) if library is None else NativeOutput(library, fade_in)


def _dc_response() -> NDArray[np.float32]:
    """(_CHUNK + 1, _CHUNK + 1) what the memory and each sample give to each output.

    The memory is pole · y[−1] − scale · x[−1]; the last row is what the samples give to the next one.
    """
    after = np.arange(_CHUNK + 1)[:, None] - np.arange(-1, _CHUNK)
    ringing = _SCALE * (_POLE - 1.0) * _POLE ** (after - 1.0)
    response = np.where(after > 0, ringing, np.where(after == 0, _SCALE, 0.0))
    response[:, 0] = _POLE ** np.arange(_CHUNK + 1)
    return response.astype(np.float32)


def _fade_curve() -> NDArray[np.float32]:
    """(FADE + 1,) gains from silence to open, a raised cosine."""
    curve = 0.5 - 0.5 * np.cos(np.arange(FADE + 1) * (np.pi / FADE))
    return np.asarray(curve, np.float32)
