"""CV routing: a table of rows (jack, parameter, law, smoothing) turns volts into parameter values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ddsp_pi.errors import ConfigError, ParamError
from ddsp_pi.frame import HOP_RATE
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import N_CVS, N_GATES
from ddsp_pi.sections import Route

SEMITONES_PER_VOLT = 12.0
HOP_S = 1.0 / HOP_RATE

_PLACES = {f"cv{jack}": jack - 1 for jack in range(1, N_CVS + 1)} | {
    f"gate{gate}": N_CVS + gate - 1 for gate in range(1, N_GATES + 1)
}
"""Where the volts of a jack stand."""

Law = Callable[[float], float]
"""Volts inside a row's span → a parameter's value."""


def _v_oct(span: tuple[float, float], ends: tuple[float, float], zero_volt_note: float) -> Law:
    return lambda volts: zero_volt_note + SEMITONES_PER_VOLT * volts


def _linear(span: tuple[float, float], ends: tuple[float, float], zero_volt_note: float) -> Law:
    slope = (ends[1] - ends[0]) / (span[1] - span[0])
    first = ends[0] - slope * span[0]
    return lambda volts: first + slope * volts


def _log(span: tuple[float, float], ends: tuple[float, float], zero_volt_note: float) -> Law:
    low, ratio, width = ends[0], ends[1] / ends[0], span[1] - span[0]
    return lambda volts: float(low * ratio ** ((volts - span[0]) / width))


LAWS: dict[str, Callable[[tuple[float, float], tuple[float, float], float], Law]] = {
    "v_oct": _v_oct,
    "linear": _linear,
    "log": _log,
}
"""(span of volts, values at its ends, note at 0 V) → law."""


@dataclass(slots=True)
class _Row:
    """One route, resolved against the parameter table, and its smoothed volts."""

    jack: int
    to: str
    drive: Callable[[float], None]
    law: Law
    attenuverter: float
    offset_volts: float
    low_volts: float
    high_volts: float
    follows: float
    """Share of the way to new volts that is gone in a hop."""
    smoothed: float = math.nan

    def take(self, volts: float) -> None:
        """Drive the parameter; volts beyond the span are held at its ends."""
        before, low, high = self.smoothed, self.low_volts, self.high_volts
        # A cable that has just come in is believed at once.
        if self.follows != 1.0 and before == before:
            volts = before + (volts - before) * self.follows
        self.smoothed = volts
        volts = volts * self.attenuverter + self.offset_volts
        self.drive(self.law(low if volts < low else high if volts > high else volts))


class CvRouter:
    """Drives parameters from jacks; a jack with nothing in it leaves its parameter alone."""

    def __init__(self, routes: Sequence[Route], params: ParamSet, zero_volt_note: float = 60.0) -> None:
        self._params = params
        self._rows = [_resolved(route, params, zero_volt_note) for route in routes]

    def apply(self, cables: tuple[float, ...]) -> None:
        """Take the volts of the next hop, of CV jacks and then gates; NaN where nothing is patched."""
        for row in self._rows:
            volts, before = cables[row.jack], row.smoothed
            if volts == volts:  # a NaN, where nothing is patched, does not equal itself
                if volts != before:
                    row.take(volts)
            elif before == before:
                row.smoothed = math.nan
                self._params.release(row.to)


def _resolved(route: Route, params: ParamSet, zero_volt_note: float) -> _Row:
    try:
        spec = params.spec(route.to)
    except ParamError as error:
        raise ConfigError(f"route of {route.jack}: {error}") from None
    low, high = route.range or (spec.low, spec.high)
    if route.law == "log" and min(low, high) <= 0.0:
        raise ConfigError(f"route of {route.jack}: {route.to} goes down to {low:g}, which no log law reaches")
    law = LAWS[route.law](route.volts, (low, high), zero_volt_note)
    follows = -math.expm1(-HOP_S * 1000.0 / route.smooth_ms) if route.smooth_ms else 1.0
    return _Row(
        _PLACES[route.jack],
        route.to,
        params.driver(route.to),
        law,
        route.attenuverter,
        route.offset,
        *route.volts,
        follows,
    )
