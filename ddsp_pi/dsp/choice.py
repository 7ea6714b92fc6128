"""The fastest synthesizer there is, and whole sequences played with it."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.envelope import OPEN
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.synthesis import NumpySynth, Synth
from ddsp_pi.frame import HOP
from ddsp_pi.native.library import kernel


def make_synth(voices: int, n_harmonics: int, n_bands: int) -> Synth:
    """A synthesizer of the native kernel where that is there, else of numpy.

    Raises:
        ConfigError: the environment demands a kernel that cannot be used.
    """
    library = kernel()
    if library is None:
        return NumpySynth(voices, n_harmonics, n_bands)
    return NativeSynth(library, voices, n_harmonics, n_bands)


def get_signal(
    f0_hz: NDArray[np.float32], harmonics: NDArray[np.float32], noise: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Whole sequences of controls → audio, by the same synthesizer that plays live.

    Args:
        f0_hz: (frames,) Hz; harmonics: (frames, n_harmonics); noise: (frames, n_bands).

    Returns:
        ((frames − 1) · HOP,) samples.
    """
    synth = make_synth(1, harmonics.shape[1], noise.shape[1])
    controls, frames = synth.controls, zip(f0_hz, harmonics, noise, strict=True)
    controls.envelopes.table[0, :2] = 1.0, OPEN
    controls.level[:] = 1.0
    _ask(synth, next(frames))
    controls.f0_hz[0] = f0_hz[0]
    audio = np.empty((len(f0_hz) - 1, HOP), np.float32)
    for out, frame in zip(audio, frames, strict=True):
        _ask(synth, frame)
        out[:] = synth.render(0, HOP)
    return audio.ravel()


def _ask(synth: Synth, frame: tuple[float, NDArray[np.float32], NDArray[np.float32]]) -> None:
    controls = synth.controls
    controls.f0_hz[1], controls.asked[0][0], controls.asked[1][0] = frame
    synth.begin_hop()
