"""Notes that were not recorded, made of those that were: softer or louder, older, let go earlier."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.frame import HOP, HOP_RATE
from ddsp_pi.models.touch import GATE, HELD_S, ONSET, RELEASE
from ddsp_pi.train.analysis import FLOOR

SHORTEST_S = 0.02
"""No note is let go sooner after its beginning."""

LONGEST_S = 60.0
"""So old a note gets that has become steady; older ones are the same to a network."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a recorded note: (hops · HOP,) samples, and what belongs to its hops + 1 frames."""

    audio: Array
    asked_db: Array
    touch: Array
    harmonics: Array
    noise: Array


@dataclass(frozen=True, slots=True)
class Variation:
    """How far notes are varied."""

    gain_db: float
    """They become softer or louder by so much at most, and are asked for with that loudness."""
    release_share: float
    """So many of those that are held all along are let go somewhere."""
    release_s: float
    """Then they fall by 60 dB in this time, as a string that is touched by a hand.

    That is made up: recordings of single notes do not say what the end of a note sounds like.
    """
    steady_s: float = 0.0
    """From this age on a note is steady, as breath or bow sustain it, and may be of any age; 0: never."""

    def of(self, piece: Piece, rng: np.random.Generator) -> Piece:
        """A piece as it might have been played as well."""
        if self.steady_s and piece.touch[0, ONSET] >= self.steady_s:
            piece = self._aged(piece, float(rng.uniform()))
        gain_db = float(rng.uniform(-self.gain_db, self.gain_db))
        varied = _louder(piece, np.full(len(piece.asked_db), gain_db))
        varied = Piece(
            *(varied.audio, (piece.asked_db + gain_db).astype(np.float32)),
            *(varied.touch, varied.harmonics, varied.noise),
        )
        held = bool((piece.touch[:, GATE] == 1.0).all())
        released = rng.uniform() < self.release_share
        return self._let_go(varied, float(rng.uniform(-0.5, 1.0))) if held and released else varied

    def _aged(self, piece: Piece, share: float) -> Piece:
        """The same, of a note that began another time ago: by equal ratios from the first steady age on."""
        touch = piece.touch.copy()
        touch[:, ONSET] += self.steady_s * (LONGEST_S / self.steady_s) ** share - touch[0, ONSET]
        return replace(piece, touch=touch)

    def _let_go(self, piece: Piece, place: float) -> Piece:
        """The key goes up at a share of the piece, perhaps before it."""
        frames = len(piece.asked_db)
        onset_s = piece.touch[:, ONSET]
        release_s = max(float(onset_s[0]) + place * (frames - 1) / HOP_RATE, SHORTEST_S)
        since = onset_s - release_s
        ended = since >= 0.0
        touch = piece.touch.copy()
        touch[:, RELEASE] = np.where(ended, since, HELD_S)
        touch[:, GATE] = ~ended
        softer = _louder(piece, np.minimum(0.0, -60.0 / self.release_s * since))
        return Piece(softer.audio, piece.asked_db, touch, softer.harmonics, softer.noise)


def _louder(piece: Piece, gain_db: NDArray[np.floating]) -> Piece:
    """The piece with a gain at every frame, and in between."""
    frames = np.arange(len(gain_db)) * HOP
    between_db = np.interp(np.arange(len(piece.audio)), frames, gain_db)
    gain = (10.0 ** (gain_db / 20.0)).astype(np.float32)[:, None]
    return Piece(
        (piece.audio * 10.0 ** (between_db / 20.0)).astype(np.float32),
        piece.asked_db,
        piece.touch,
        np.maximum(piece.harmonics * gain, FLOOR),
        np.maximum(piece.noise * gain, FLOOR),
    )
