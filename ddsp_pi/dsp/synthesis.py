"""Harmonics plus noise: controls in, signal out."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.harmonic import HarmonicBank
from ddsp_pi.dsp.noise import FilteredNoise
from ddsp_pi.dsp.ramp import Ramp
from ddsp_pi.frame import HOP

Ends = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Amplitudes at the first sample of a block, and one sample after its last."""


class HarmonicNoiseSynth:
    """One harmonic bank and one filtered noise, summed."""

    def __init__(self, n_harmonics: int, n_bands: int, max_block: int = HOP) -> None:
        self.harmonics = HarmonicBank(n_harmonics, max_block)
        self.noise = FilteredNoise(n_bands, max_block)
        self._mixer = Ramp(max_block)

    def reset(self) -> None:
        """Start again from phase zero and the first noise."""
        self.harmonics.reset()
        self.noise.reset()

    def follow(self, other: "HarmonicNoiseSynth") -> None:
        """Go on where another one is, so that both sound together without beating."""
        self.harmonics.follow(other.harmonics)
        self.noise.follow(other.noise)

    def render(
        self,
        f0_hz: NDArray[np.float64],
        harmonics: Ends,
        noise: Ends,
        out: NDArray[np.float32],
    ) -> None:
        """Write n = len(out) ≤ max_block samples.

        Args:
            f0_hz: (n,) Hz; harmonics, noise: their values at the start and at the end of the block.
            out: (n,) overwritten.
        """
        parts = self.harmonics.parts(f0_hz, *harmonics)
        parts += self.noise.parts(len(out), *noise)
        self._mixer.mix(parts, out)


def get_signal(
    f0_hz: NDArray[np.float32], harmonics: NDArray[np.float32], noise: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Whole sequences of controls → audio, by the same synthesizer that plays live.

    Args:
        f0_hz: (frames,) Hz; harmonics: (frames, n_harmonics); noise: (frames, n_bands).

    Returns:
        ((frames − 1) · HOP,) samples.
    """
    synth = HarmonicNoiseSynth(harmonics.shape[1], noise.shape[1])
    ramp = np.arange(HOP) / HOP
    audio = np.empty((len(f0_hz) - 1, HOP), np.float32)
    for hop, out in enumerate(audio):
        pitch = f0_hz[hop] + (f0_hz[hop + 1] - f0_hz[hop]) * ramp
        synth.render(pitch, (harmonics[hop], harmonics[hop + 1]), (noise[hop], noise[hop + 1]), out)
    return audio.ravel()
