"""Jacks that count as not patched until something there moves.

Where a knob adds to a jack nothing tells whether a cable is in. A parameter that has a life of its own
without one, such as the loudness of a note, would be held by a knob that nobody has touched.
"""

import math
from collections.abc import Mapping, Sequence

from ddsp_pi.rack.spec import CvInput


class Wake:
    """Hides jacks until their volts have moved; once awake they stay so."""

    def __init__(self, cvs: Sequence[CvInput], wakes: Mapping[int, float]) -> None:
        """`wakes`: volts by jack, from 1 on. Jacks without a knob are not concerned."""
        self._asleep = {jack - 1: volts for jack, volts in wakes.items() if _has_knob(cvs, jack)}
        self._stood: dict[int, float] = {}

    def seen(self, volts: tuple[float, ...]) -> tuple[float, ...]:
        """The volts with NaN for jacks that are still asleep."""
        if not self._asleep or math.isnan(volts[0]):
            return volts
        for jack in list(self._asleep):
            stood = self._stood.setdefault(jack, volts[jack])
            if abs(volts[jack] - stood) > self._asleep[jack]:
                del self._asleep[jack]
        return tuple(math.nan if jack in self._asleep else v for jack, v in enumerate(volts))


def _has_knob(cvs: Sequence[CvInput], jack: int) -> bool:
    return jack <= len(cvs) and cvs[jack - 1].pot
