"""CV routing: a table of rows (jack, parameter, law, smoothing) turns volts into parameter values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ddsp_pi.config import Route
from ddsp_pi.errors import ConfigError, ParamError
from ddsp_pi.frame import HOP_RATE
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import N_CVS

SEMITONES_PER_VOLT = 12.0
HOP_S = 1.0 / HOP_RATE


def _v_oct(position: float, route: "_Row") -> float:
    volts = route.low_volts + position * (route.high_volts - route.low_volts)
    return route.zero_volt_note + SEMITONES_PER_VOLT * volts


def _linear(position: float, route: "_Row") -> float:
    return route.low + position * (route.high - route.low)


def _log(position: float, route: "_Row") -> float:
    return float(route.low * (route.high / route.low) ** position)


LAWS: dict[str, Callable[[float, "_Row"], float]] = {"v_oct": _v_oct, "linear": _linear, "log": _log}
"""How a position 0..1 inside a row's span of volts becomes a value."""


@dataclass(slots=True)
class _Row:
    """One route, resolved against the parameter table, and its smoothed volts."""

    jack: int
    to: str
    law: Callable[[float, "_Row"], float]
    low_volts: float
    high_volts: float
    low: float
    high: float
    smooth_s: float
    zero_volt_note: float
    smoothed: float = math.nan

    def settle(self, volts: float, seconds: float) -> float:
        """The volts after smoothing; a cable that has just come in is believed at once."""
        if math.isnan(self.smoothed) or self.smooth_s == 0.0:
            self.smoothed = volts
        else:
            self.smoothed += (volts - self.smoothed) * -math.expm1(-seconds / self.smooth_s)
        return self.smoothed

    def value(self, volts: float) -> float:
        """What the parameter gets; volts beyond the span are held at its ends."""
        position = (volts - self.low_volts) / (self.high_volts - self.low_volts)
        return self.law(min(max(position, 0.0), 1.0), self)


class CvRouter:
    """Drives parameters from jacks; a jack with nothing in it leaves its parameter alone."""

    def __init__(self, routes: Sequence[Route], params: ParamSet, zero_volt_note: float = 60.0) -> None:
        self._params = params
        self._rows = [_resolved(route, params, zero_volt_note) for route in routes]

    def apply(self, cables: tuple[float, ...]) -> None:
        """Take the volts (N_CVS,) of the next hop, NaN where nothing is patched."""
        for row in self._rows:
            volts = cables[row.jack]
            if volts == row.smoothed:
                continue
            if volts == volts:  # a NaN, where nothing is patched, does not equal itself
                self._params.drive(row.to, row.value(row.settle(volts, HOP_S)))
            elif row.smoothed == row.smoothed:
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
    jack = int(route.jack.removeprefix("cv")) - 1
    assert 0 <= jack < N_CVS
    return _Row(
        jack, route.to, LAWS[route.law], *route.volts, low, high, route.smooth_ms / 1000.0, zero_volt_note
    )
