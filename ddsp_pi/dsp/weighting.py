"""The A curve as a filter, and the loudness of the newest period: known sooner than that of a spectrum."""

import math

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.loudness import A_POLES_HZ, FLOOR_DB
from ddsp_pi.dsp.periods import taper, whole_periods
from ddsp_pi.frame import HOP, SAMPLE_RATE

EDGE = 0.3
"""Share of a period that each edge of the window takes: a pitch that is a little wrong does no harm."""

SHORTEST = 0.006 * SAMPLE_RATE
"""Samples of a window at least, or noise would make it tremble."""

LONGEST = math.ceil(SAMPLE_RATE / 39.0 * (1.0 + EDGE)) + HOP
"""Samples that are remembered: enough for the lowest note of the tracker."""

_FIT_HZ = 9000.0
"""Where the digital roll-off meets that of the standard, besides 0 Hz and Nyquist."""

NOTHING = 1e-20
"""A smaller state is 0, before it gets denormal, and slow."""


def a_sections() -> NDArray[np.float64]:
    """(6, 3) coefficients b0, b1, a1 of first-order sections y = b0·x + b1·x′ − a1·y′; together the A curve.

    Four high-passes by the bilinear transform, which hardly bends the curve down there, and twice the
    roll-off at 12 kHz, fitted, for there it would. Within 0.1 dB of the standard up to 10 kHz,
    and 1.2 dB below it at 20 kHz.
    """
    p1, p2, p3, p4 = A_POLES_HZ
    sections = np.array([*(_high_pass(pole) for pole in (p1, p1, p2, p3)), *(2 * [_roll_off(p4)])])
    at_1k = np.exp(-2j * np.pi * 1000.0 / SAMPLE_RATE)
    gain = np.prod(np.abs((sections[:, 0] + sections[:, 1] * at_1k) / (1.0 + sections[:, 2] * at_1k)))
    sections[-1, :2] /= gain
    return sections


def _high_pass(pole_hz: float) -> tuple[float, float, float]:
    warped = math.tan(math.pi * pole_hz / SAMPLE_RATE)
    gain = 1.0 / (1.0 + warped)
    return gain, -gain, (warped - 1.0) * gain


def _roll_off(pole_hz: float) -> tuple[float, float, float]:
    """First order, with the power of 1 / (1 + (f / pole)²) at 0 Hz, at the fit and at Nyquist."""
    fit, nyquist = (1.0 / (1.0 + (hz / pole_hz) ** 2) for hz in (_FIT_HZ, SAMPLE_RATE / 2))
    cosine = math.cos(2.0 * math.pi * _FIT_HZ / SAMPLE_RATE)
    up, down = 0.5 * (1.0 + cosine), 0.5 * nyquist * (1.0 - cosine)
    # up·(1 − a)² + down·(1 + a)² = fit·(1 + a² − 2·a·cos), and the root inside the unit circle.
    square, linear = up + down - fit, 2.0 * (down - up + fit * cosine)
    half = -0.5 * linear / square
    pole = half - math.copysign(math.sqrt(half * half - 1.0), half)
    low, high = 1.0 - pole, math.sqrt(nyquist) * (1.0 + pole)
    return 0.5 * (low + high), 0.5 * (low - high), -pole


class PeriodLoudness:
    """A-weighted loudness of whole periods, a little more than one; the scale is that of `loudness`."""

    def __init__(self) -> None:
        self._response, self._ringing = _responses()
        self._state = np.zeros(len(self._ringing))
        self._in = np.zeros(len(self._state) + HOP)
        self._squares = np.zeros(LONGEST, np.float32)
        self._window = np.zeros(LONGEST, np.float32)

    def reset(self) -> None:
        """Forget what was heard."""
        self._state[:] = 0.0
        self._squares[:] = 0.0

    def hear(self, hop: NDArray[np.float32]) -> None:
        """Take (HOP,) samples."""
        states = len(self._state)
        self._in[:states], self._in[states:] = self._state, hop
        weighted = self._response @ self._in
        np.dot(self._ringing, self._in, out=self._state)
        self._state[np.abs(self._state) < NOTHING] = 0.0
        self._squares[:-HOP] = self._squares[HOP:]
        np.square(weighted, out=self._squares[-HOP:], casting="same_kind")

    def read_db(self, f0_hz: float) -> float:
        """Loudness in dB of a sound with periods of 1 / f0, at least −100."""
        _, length = whole_periods(f0_hz, SAMPLE_RATE, SHORTEST)
        window = taper(length, EDGE, self._window)
        power = float(np.dot(window, self._squares[-len(window) :])) / length
        return decibels(power)


def decibels(power: float) -> float:
    """Loudness in dB of an A-weighted mean square, at least −100."""
    return max(10.0 * math.log10(max(power, 1e-30)), FLOOR_DB)


def _responses() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What state and samples of a hop give to its output, (HOP, 6 + HOP), and to the next state."""
    sections = a_sections()
    states = len(sections)
    state = np.eye(states, states + HOP)
    outputs = np.empty((HOP, states + HOP))
    for sample in range(HOP):
        signal = np.eye(1, states + HOP, states + sample)[0]
        for section, (b0, b1, a1) in enumerate(sections):
            made = b0 * signal + state[section]
            state[section] = b1 * signal - a1 * made
            signal = made
        outputs[sample] = signal
    return outputs, state
