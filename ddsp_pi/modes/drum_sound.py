"""The seam of mode drums between who listens and what sounds: a hit, and what it strikes."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.hit_features import HitFeatures

Array = NDArray[np.float32]

THE_USUAL = (0.0, 0.0, 0.0)
"""A hit that does not differ from the reference."""


class Strike(NamedTuple):
    """A hit, as far as it is known: all of it, its loudness alone, or nothing, as from a gate."""

    difference: Sequence[float] = THE_USUAL
    """(3,) how loud, bright and noisy it is beside the usual hit of the drum that is played, −1..1."""
    features: HitFeatures | None = None
    """What it is like in itself; None: it was not heard, or was not waited for."""
    note: float | None = None
    """Of the key that struck it; None: there was none."""


class DrumSound(Protocol):
    """What hits strike, on their sample. Called by the render loop alone, but for how it is made.

    A sound is made beside the render loop, ready to play, and reads the parameters of the mode itself.
    Another one may take its place: from then on it is struck no more, but rendered until it is silent.
    """

    @property
    def ringing(self) -> bool:
        """Whether anything sounds, or is about to."""

    def strike(self, hit: Strike, after: int) -> None:
        """Begin a hit, so many samples from the first of the next piece on: 0 to its length."""

    def choke(self, after: int) -> None:
        """What was struck until now fades out in 3 ms, from so many samples on."""

    def render(self, begin: int, n: int) -> Array:
        """(n,) next samples, valid until the next call; they begin so far into their hop, and end in it."""

    def limit(self, partials: int | None) -> None:
        """Do with at most so many harmonics from the next hop on; None: all there are."""

    def reset(self) -> None:
        """Silence at once, as after the start."""
