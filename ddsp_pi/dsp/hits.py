"""Drum hits that ring at once: a fixed pool, in which the quietest gives way."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.dsp.snare_params import SNARE_PARAMS
from ddsp_pi.frame import SAMPLE_RATE

RINGING = 16
"""Hits that ring at once."""

ROWS = RINGING + 8
"""Room for those that are fading out meanwhile."""

ATTACK = round(0.001 * SAMPLE_RATE)
"""Samples of the linear rise of every envelope."""

FADE = round(0.003 * SAMPLE_RATE)
"""Samples in which a hit leaves that is choked or gives way."""

SILENT = 5e-7
"""−126 dB: a hit that gets no louder than this any more has ended."""

DEEPEST = 46.0
"""Nepers at which an envelope stops falling: 1e-20, nothing to an ear and far from denormal."""

HIGHEST_HZ = 23_500.0
"""The high-pass goes no higher, for at Nyquist it would have no bottom."""

(AGE, LEFT, BAND, LOW, PITCH_1, PITCH_2, MOD_1, MOD_2) = range(8)
"""Columns: samples since the strike; samples until a fade-out is over, endless if there is none, 0 where
no hit is; the two states of the high-pass; pitches in cycles per sample and their bends."""

(FALL_MOD, FALL_1, FALL_2, FALL_NOISE, GAIN_1, GAIN_2, GAIN_NOISE, CUTOFF, LOSS, COLUMNS) = range(8, 18)
"""How envelopes fall, in nepers per sample; gains into the saturation; tan(π·f/rate) and 1/Q of the
high-pass."""


def hit_row(values: Sequence[float], after: int) -> list[float]:
    """The row of a hit that begins so many samples from now.

    Args:
        values: (14,) in the units of SNARE_PARAMS; what is outside a range is held at its end.
    """
    held = [spec.clip(float(value)) for spec, value in zip(SNARE_PARAMS, values, strict=True)]
    pitch_1, mod_1, pitch_2, mod_2, *decays_ms = held[:8]
    highpass, q, *gains_db, drive_db = held[8:]
    return [
        *(-float(after), math.inf, 0.0, 0.0),
        *(pitch_1 / SAMPLE_RATE, pitch_2 / SAMPLE_RATE, mod_1, mod_2),
        *(math.log(1000.0) / (decay_ms * SAMPLE_RATE / 1000.0) for decay_ms in decays_ms),
        *(10.0 ** ((gain_db + drive_db) / 20.0) for gain_db in gains_db),
        math.tan(math.pi * min(highpass, HIGHEST_HZ) / SAMPLE_RATE),
        1.0 / q,
    ]


class Hits:
    """What a drum synthesizer plays: a table that stays where it is, which compiled code reads and advances.

    Each hit keeps the parameters that it was struck with.
    """

    def __init__(self) -> None:
        self.table = np.zeros((ROWS, COLUMNS))

    def reset(self) -> None:
        """No hit rings."""
        self.table[:] = 0.0

    @property
    def ringing(self) -> int:
        """How many sound, those that are fading out included."""
        return int(np.count_nonzero(self.table[:, LEFT]))

    def strike(self, values: Sequence[float], after: int = 0) -> None:
        """A hit begins, so many samples behind the next one that is rendered.

        If as many ring as there may, the quietest fades out. A hit whose parameters are no finite numbers is
        none.

        Args:
            values: (14,) in the units of SNARE_PARAMS, in their order.
        """
        row = hit_row(values, after)
        if not all(map(math.isfinite, row[PITCH_1:])):
            return
        staying = np.flatnonzero(np.isinf(self.table[:, LEFT]))
        if len(staying) >= RINGING:
            self._leave(staying[levels(self.table[staying]).argmin()], after)
        into = self.table[:, LEFT].argmin()
        if self.table[into, LEFT]:
            into = levels(self.table).argmin()
        self.table[into] = row

    def choke(self, after: int = 0) -> None:
        """All hits that were struck until now fade out, from so many samples behind the next one on."""
        self._leave(np.isinf(self.table[:, LEFT]), after)

    def _leave(self, rows: "NDArray[np.bool_] | np.intp", after: int) -> None:
        self.table[rows, LEFT] = FADE + after


def levels(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) how loud the sum in front of the saturation can still get; 0 where no hit is.

    A hit that is still rising counts as risen. The states of the high-pass lose energy, whatever its
    frequency, so what rings on in it is bounded by them; twice the noise allows for what comes in meanwhile.
    """
    since_peak = np.maximum(table[:, AGE] - (ATTACK - 1.0), 0.0)
    falls = np.exp(-np.minimum(table[:, FALL_1 : FALL_NOISE + 1] * since_peak[:, None], DEEPEST))
    falls[:, 2] = 2.0 * (falls[:, 2] + np.abs(table[:, BAND : LOW + 1]).sum(axis=1))
    loudest = (table[:, GAIN_1 : GAIN_NOISE + 1] * falls).sum(axis=1)
    return np.asarray(loudest * fade(table[:, LEFT]))


def fade(left: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gains of samples at which a fade-out has so many left."""
    share = np.clip(left / FADE, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
