"""Calibration of a CV jack: known volts against what was read for them, and the curve through both.

The curve is a parabola by least squares: resistors of some tolerance give a wrong slope and a shift, an
amplifier a slight bow. Two points give a straight line. Beyond the points it goes on straight.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.cvs import Correction
from ddsp_pi.rack.spec import CvInput

CENTS_PER_VOLT = 1200.0

GROUP = 8
"""Readings that are averaged before outer quartiles are dropped: single readings are so coarse that their
quartiles would drop whole counts."""

END_COUNTS = 4.0
"""A mean so near to an end of the converter's range is cut off there."""

SPREAD_LIMIT_VOLTS = 0.015
APART_VOLTS = 0.1
SLOPES = (0.8, 1.25)
BOW_LIMIT = 0.01
"""Most that the middle of the points may be out of line with their ends, as a share of their span."""

RESIDUAL_LIMIT_CENTS = 12.0
"""What is left of a semitone typed in wrong, at any of five evenly spread points, is larger."""


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known voltage and what was read for it."""

    volts: float
    nominal: float
    """Mean of the readings, in volts by the parts on the board."""
    spread: float
    """Standard deviation of the readings, by their 16th and 84th percentile."""
    conversions: int


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The points of one jack."""

    made: datetime
    span: tuple[float, float]
    """What the board's table said were the jack's lowest and highest volts."""
    points: tuple[Point, ...]


def measure(volts: float, readings: Sequence[float], oversample: int, jack: CvInput) -> Point:
    """The point that readings of one known voltage make.

    Args:
        volts: at the jack.
        readings: in volts by the parts on the board, each the mean of `oversample` conversions.

    Raises:
        BoardError: they move too much, or are at the end of what the jack can read.
    """
    nominal = robust_mean(readings)
    low, high = np.percentile(readings, [15.87, 84.13])
    point = Point(volts, round(nominal, 6), round(float(high - low) / 2.0, 6), len(readings) * oversample)
    _refuse_unsteady(point)
    _refuse_cut_off(point, jack)
    return point


def robust_mean(readings: Sequence[float]) -> float:
    """The mean of the middle half of the means of GROUP readings in a row."""
    whole = len(readings) // GROUP * GROUP
    means = np.sort(np.reshape(readings[:whole], (-1, GROUP)).mean(axis=1))
    quarter = len(means) // 4
    return float(means[quarter : len(means) - quarter].mean())


def correction(points: Sequence[Point]) -> Correction:
    """Volts as the parts would have them → volts at the jack; cheap, as it is asked at every reading.

    Raises:
        BoardError: the points cannot be those of a jack; the message says why, and which one.
    """
    _refuse_implausible(points)
    shift, slope, bend = _parabola(points)
    nominal = [point.nominal for point in points]
    low, high = min(nominal), max(nominal)

    def correct(read: float) -> float:
        inside = min(max(read, low), high)
        return shift + (slope + bend * inside) * inside + (read - inside) * (slope + 2.0 * bend * inside)

    return correct


def corrections(calibrations: Mapping[int, Calibration]) -> dict[int, Correction]:
    """What CvReader takes, from calibrations by jack."""
    return {jack: correction(calibration.points) for jack, calibration in calibrations.items()}


def residual_cents(points: Sequence[Point]) -> list[float]:
    """How far the curve is off at each point, in cents at 1 V/oct; above 0: sharp."""
    correct = correction(points)
    return [(correct(point.nominal) - point.volts) * CENTS_PER_VOLT for point in points]


def _refuse_unsteady(point: Point) -> None:
    if point.spread > SPREAD_LIMIT_VOLTS:
        raise BoardError(
            f"{point.volts:g} V: the readings move by ±{point.spread * 1000:.0f} mV; "
            "is the cable firmly in, and nothing that moves patched into it?"
        )


def _refuse_cut_off(point: Point, jack: CvInput) -> None:
    margin = END_COUNTS * jack.volts_per_count
    if not jack.low_volts + margin < point.nominal < jack.high_volts - margin:
        raise BoardError(
            f"{point.volts:g} V reads {point.nominal:.3f} V, the end of what the jack can read "
            f"({jack.low_volts:g} to {jack.high_volts:g} V): choose another voltage"
            + (", and turn the knob to noon" if jack.pot else "")
        )


def _refuse_implausible(points: Sequence[Point]) -> None:
    if len(points) < 2:
        raise BoardError(f"{len(points)} of at least 2 points: measure more voltages")
    if not all(math.isfinite(number) for point in points for number in (point.volts, point.nominal)):
        raise BoardError("a voltage of a point is no number: measure again")
    ordered = sorted(points, key=lambda point: point.volts)
    for lower, higher in pairwise(ordered):
        _refuse_not_rising(lower, higher)
    _refuse_slope(ordered)
    _refuse_misfit(ordered)


def _refuse_not_rising(lower: Point, higher: Point) -> None:
    if higher.volts - lower.volts < APART_VOLTS:
        raise BoardError(f"two points are at the same {lower.volts:g} V: measure voltages that differ")
    if higher.nominal <= lower.nominal:
        raise BoardError(
            f"{higher.volts:g} V reads {higher.nominal:.3f} V, and {lower.volts:g} V reads "
            f"{lower.nominal:.3f} V: it does not rise; is the cable in, and in this jack?"
        )


def _refuse_slope(points: Sequence[Point]) -> None:
    slope = 1.0 / _polynomial(points, 1)[1]
    if not SLOPES[0] <= slope <= SLOPES[1]:
        raise BoardError(
            f"a volt more reads {slope:.3f} V more, and parts of any tolerance give {SLOPES[0]} "
            f"to {SLOPES[1]}: is the cable in this jack, and were these the voltages?"
        )


def _refuse_misfit(points: Sequence[Point]) -> None:
    shift, slope, bend = _parabola(points)
    nominal, volts = _columns(points)
    off = np.abs(shift + (slope + bend * nominal) * nominal - volts) * CENTS_PER_VOLT
    if off.max() > RESIDUAL_LIMIT_CENTS:
        raise BoardError(f"the points are off their curve by {off.max():.0f} cents: {_suspicion(points)}")
    span = nominal[-1] - nominal[0]
    if abs(bend) * span * span / 4.0 > BOW_LIMIT * span:
        raise BoardError(f"the curve through the points is bent far too much: {_suspicion(points)}")


def _suspicion(points: Sequence[Point]) -> str:
    """The point without which the others fit best, where enough others are left to tell."""
    degree = min(2, len(points) - 3)
    if degree < 1:
        return "was one of them another voltage than was said?"
    others = {point: [other for other in points if other is not point] for point in points}
    worst = min(points, key=lambda point: _error(others[point], degree))
    return f"was {worst.volts:g} V (read as {worst.nominal:.3f} V) another voltage? Measure it again"


def _error(points: Sequence[Point], degree: int) -> float:
    nominal, volts = _columns(points)
    found = np.polynomial.polynomial.polyval(nominal, _polynomial(points, degree))
    return float(np.abs(found - volts).max())


def _parabola(points: Sequence[Point]) -> tuple[float, float, float]:
    found = _polynomial(points, min(2, len(points) - 1))
    shift, slope, bend = (*found, 0.0)[:3]
    return shift, slope, bend


def _polynomial(points: Sequence[Point], degree: int) -> tuple[float, ...]:
    """Coefficients of volts over nominal volts, the constant first."""
    nominal, volts = _columns(points)
    return tuple(np.polynomial.polynomial.polyfit(nominal, volts, degree).tolist())


def _columns(points: Sequence[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([point.nominal for point in points]), np.array([point.volts for point in points])
