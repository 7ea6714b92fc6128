"""Notes at other pitches: the same recording, as a tape that runs faster or slower."""

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import SAMPLE_RATE


def shifted(audio: NDArray[np.float32], semitones: float) -> NDArray[np.float32]:
    """(n,) samples, higher by so much and shorter in proportion.

    Everything moves together, what the body of the instrument adds to its strings as well: over two
    semitones that is still the instrument, over many it is a smaller one.
    """
    if not semitones:
        return audio
    import soxr

    rate = SAMPLE_RATE * 2.0 ** (semitones / 12.0)
    return np.asarray(soxr.resample(audio, rate, SAMPLE_RATE, quality="VHQ"), np.float32)
