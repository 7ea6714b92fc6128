"""CV jacks through a converter: oversampled, smoothed, calibrated; and the converter watched."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.board import N_CVS, UNPATCHED
from ddsp_pi.rack.converter import Converter
from ddsp_pi.rack.smoothing import Smoother, slowest_share
from ddsp_pi.rack.spec import FULL_SCALE, CvInput
from ddsp_pi.sections import Jack, Rack

SCAN_NS = 1_000_000
"""Every jack is read a thousand times a second, 2.7 times per hop, so that the pitch of a new note is there
before its gate sounds. Six jacks are 6000 conversions, about a quarter of one core of a Pi 4. That is an
estimate: 24 µs on the wire, 8 for Python by instructions counted on aarch64, 10 assumed for the kernel."""

PATIENCE_NS = 400_000_000
"""A converter that gives nothing useful for this long is in trouble."""

Correction = Callable[[float], float]
"""Volts as the parts on the board would have them → volts at the jack: what a calibration knows."""


def as_read(volts: float) -> float:
    """The correction of a jack that was never calibrated."""
    return volts


T = TypeVar("T")


def by_jack(settings: Mapping[Jack, T]) -> dict[int, T]:
    """What is said of some CV jacks, by their numbers."""
    return {int(jack.removeprefix("cv")): value for jack, value in settings.items()}


class CvReader:
    """Reads all CV jacks of a board. While the converter is in trouble its last good values stay."""

    def __init__(
        self,
        converter: Converter,
        cvs: Sequence[CvInput],
        settings: Rack,
        corrections: Mapping[int, Correction] | None = None,
    ) -> None:
        """`corrections`: by jack, from 1 on."""
        self._converter, self._cvs, self.oversample = converter, tuple(cvs), settings.oversample
        share = slowest_share(settings.smooth_ms, SCAN_NS / 1e6)
        self._smoothers = [Smoother(share) for _ in cvs]
        deadbands = by_jack(settings.deadbands)
        self._rows = [
            (smoother.take, cv.volts(0.0), cv.volts(1.0) - cv.volts(0.0), deadbands.get(jack, 0.0))
            for jack, (smoother, cv) in enumerate(zip(self._smoothers, cvs, strict=True), 1)
        ]
        """For each jack: smooth a reading; volts at 0 counts and for each; volts to ignore."""
        self._missing = UNPATCHED[len(cvs) :]
        self._held = [math.nan] * len(cvs)
        self._counts: Sequence[float] = ()
        self.scans = 0
        """How often all jacks were read so far."""
        self._rest = None if cvs[0].pot else cvs[0].counts(0.0)
        self.correct(corrections or {})
        self._good_ns: int | None = None
        self.volts = UNPATCHED
        """Calibrated and smoothed: (N_CVS,), NaN where the board has no jack."""
        self.trouble = ""
        """What is wrong with the converter; empty: nothing."""

    @property
    def nominal(self) -> tuple[float, ...]:
        """What was last read, in volts by the parts on the board."""
        return _all([cv.volts(count) for cv, count in zip(self._cvs, self._counts, strict=False)])

    @property
    def raw(self) -> tuple[float, ...]:
        """What was last read, calibrated and not smoothed."""
        rows = zip(self._cvs, self._corrections, self._counts, strict=False)
        return _all([correct(cv.volts(count)) for cv, correct, count in rows])

    def correct(self, corrections: Mapping[int, Correction]) -> None:
        """Calibrate from now on."""
        self._corrections = [corrections.get(jack, as_read) for jack in range(1, len(self._cvs) + 1)]

    @property
    def noise_volts(self) -> tuple[float, ...]:
        """Standard deviation of what is read, while it is still."""
        found = [s.noise * cv.volts_per_count for s, cv in zip(self._smoothers, self._cvs, strict=True)]
        return _all(found)

    def scan(self, at_ns: int) -> None:
        """Read every jack once."""
        if self._good_ns is None:
            self._good_ns = at_ns
        try:
            counts = [self._mean(cv.channel) for cv in self._cvs]
            complaint = self._implausible(counts)
        except BoardError as error:
            counts, complaint = [], str(error)
        if not complaint:
            self._good_ns, self.trouble = at_ns, ""
            self._take(counts)
        elif at_ns - self._good_ns > PATIENCE_NS:
            self.trouble = complaint

    def _mean(self, channel: int) -> float:
        read = self._converter.read
        if self.oversample == 1:
            return read(channel)
        return sum([read(channel) for _ in range(self.oversample)]) / self.oversample

    def _take(self, counts: Sequence[float]) -> None:
        self._counts = counts
        self.scans += 1
        held, rows = self._held, zip(self._rows, self._corrections, counts, strict=True)
        for jack, ((take, low, slope, deadband), correct, count) in enumerate(rows):
            volts = correct(low + slope * take(count))
            # Written so that the first value, next to a NaN, is taken.
            if not -deadband <= volts - held[jack] <= deadband:
                held[jack] = volts
        self.volts = (*held, *self._missing)

    def _implausible(self, counts: Sequence[float]) -> str:
        """Why these cannot be the readings of several jacks; empty if they can."""
        first = counts[0]
        if len(counts) < 2 or first not in (0.0, FULL_SCALE) or any(count != first for count in counts):
            return ""
        level = "low" if first == 0.0 else "high"
        # Jacks without a knob may rest at an end of the range, and then look like a dead wire.
        unpatched = "nothing is patched, or " if first == self._rest else ""
        return (
            f"every CV jack reads {first:.0f}: {unpatched}the converter's data line is stuck {level}, or no "
            "converter is there; check its power, that the board sits firmly, and the wires of MISO and CS"
        )


def _all(volts: Sequence[float]) -> tuple[float, ...]:
    return (*volts, *UNPATCHED[len(volts) : N_CVS])
