"""The 14 parameters of a drum hit, in the order of every vector of them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ddsp_pi.params import Param

SNARE_PARAMS = (
    Param("osc1_freq", "Hz", 20, 2000, 180, "Pitch of the first oscillator when its bend is over."),
    Param("osc1_mod", "x", -1, 2, 0.4, "How much higher it begins: 1 is an octave, −1 stands still."),
    Param("osc2_freq", "Hz", 20, 2000, 240, "Pitch of the second oscillator when its bend is over."),
    Param("osc2_mod", "x", -1, 2, 0.3, "How much higher it begins: 1 is an octave, −1 stands still."),
    Param("mod_decay", "ms", 10, 2000, 50, "Time in which both bends fall by 60 dB."),
    Param("osc1_decay", "ms", 10, 2000, 200, "Time in which the first oscillator falls by 60 dB."),
    Param("osc2_decay", "ms", 10, 2000, 150, "Time in which the second oscillator falls by 60 dB."),
    Param("noise_decay", "ms", 10, 2000, 200, "Time in which the noise falls by 60 dB."),
    Param("noise_highpass", "Hz", 20, 24_000, 2500, "The noise is heard from here upwards."),
    Param("noise_q", "x", 0.5, 10, 2, "Resonance of the noise at that frequency; above 0.71 it rings."),
    Param("osc1_gain", "dB", -60, 6, -6, "Level of the first oscillator."),
    Param("osc2_gain", "dB", -60, 6, -12, "Level of the second oscillator."),
    Param("noise_gain", "dB", -60, 6, -4, "Level of the noise."),
    Param("drive", "dB", -24, 24, -12, "Gain into the saturation of the hit: louder and rougher."),
)
"""Each knob is linear in its unit, since the mappers are trained on those positions."""

NAMES = tuple(spec.name for spec in SNARE_PARAMS)
DEFAULTS = tuple(float(spec.default) for spec in SNARE_PARAMS)

LOW = np.array([spec.low for spec in SNARE_PARAMS], np.float64)
HIGH = np.array([spec.high for spec in SNARE_PARAMS], np.float64)


def from_norms(positions: ArrayLike) -> NDArray[np.float64]:
    """(…, 14) positions 0..1 of the knobs → values in their units; positions outside are held at the ends.

    Rounded at the ninth decimal, so that a value that somebody wrote comes back from `to_norms` as it was.
    """
    return np.asarray(np.round(LOW + (HIGH - LOW) * np.clip(positions, 0.0, 1.0), 9), np.float64)


def to_norms(values: ArrayLike) -> NDArray[np.float64]:
    """(…, 14) values in their units → positions 0..1 of the knobs; values outside are held at the ends."""
    return np.asarray((np.clip(values, LOW, HIGH) - LOW) / (HIGH - LOW), np.float64)
