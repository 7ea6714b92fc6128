"""One parameter system: every knob, CV, OSC address, preset and docs table reads these specs."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ddsp_pi.errors import ParamError

Warp = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Param:
    """What a parameter is. Range and default are in `unit`; `log` warps need low > 0."""

    name: str
    unit: str
    low: float
    high: float
    default: float
    doc: str
    warp: Warp = "linear"

    def clip(self, value: float) -> float:
        """The nearest value inside the range."""
        return self.low if value < self.low else self.high if value > self.high else value

    def to_norm(self, value: float) -> float:
        """Position 0..1 of a value on a knob."""
        if self.warp == "log":
            return math.log(self.clip(value) / self.low) / math.log(self.high / self.low)
        return (self.clip(value) - self.low) / (self.high - self.low)

    def from_norm(self, position: float) -> float:
        """Value at position 0..1 of a knob; positions outside are held at the ends."""
        position = min(max(position, 0.0), 1.0)
        if self.warp == "log":
            return float(self.low * (self.high / self.low) ** position)
        return self.low + (self.high - self.low) * position


class ParamSet:
    """The live values of a table of parameters.

    Each has a value that somebody set (panel, OSC, preset) and, while a cable drives it, the
    cable's value, which wins. NaN from anywhere is ignored: the last good value plays on.
    """

    def __init__(self, specs: Iterable[Param]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._driven: set[str] = set()
        self._values: dict[str, float] = {}
        self.live: dict[str, float] = {}
        """The values that play now, for who reads many of them often; to be read only."""
        self.reset()

    def __iter__(self) -> Iterator[Param]:
        return iter(self._specs.values())

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __getitem__(self, name: str) -> float:
        """The value that plays now, in the parameter's unit."""
        return self.live[name]

    @property
    def values(self) -> dict[str, float]:
        """What was set, whatever a cable says, in the parameters' units."""
        return dict(self._values)

    @property
    def driven(self) -> dict[str, float]:
        """What cables hold now, in the parameters' units."""
        return {name: self.live[name] for name in tuple(self._driven)}

    def spec(self, name: str) -> Param:
        """The spec of one parameter.

        Raises:
            ParamError: nobody owns that name; the message lists the names there are.
        """
        try:
            return self._specs[name]
        except KeyError:
            known = ", ".join(self._specs)
            raise ParamError(f"no parameter called {name!r}; there are: {known}") from None

    def set(self, name: str, value: float) -> None:
        """Set a value in the parameter's unit; out-of-range values are held at the ends."""
        spec = self.spec(name)
        if math.isnan(value):
            return
        self._values[name] = spec.clip(value)
        if name not in self._driven:
            self.live[name] = self._values[name]

    def drive(self, name: str, value: float) -> None:
        """Let a cable hold a parameter at a value until `release`."""
        self.driver(name)(value)

    def driver(self, name: str) -> Callable[[float], None]:
        """`drive` for one parameter, for a cable that moves all the time.

        Raises:
            ParamError: nobody owns that name.
        """
        live, driven = self.live, self._driven
        low, high = self.spec(name).low, self.spec(name).high

        def drive(value: float) -> None:
            if value == value:  # NaN does not equal itself
                driven.add(name)
                live[name] = low if value < low else high if value > high else value

        return drive

    def release(self, name: str) -> None:
        """The cable is out: what was set plays again."""
        self._driven.discard(name)
        self.live[name] = self._values[self.spec(name).name]

    def is_driven(self, name: str) -> bool:
        """Whether a cable holds this parameter now."""
        return name in self._driven

    def reset(self) -> None:
        """Back to the defaults, no cable in."""
        self._driven.clear()
        self._values.update({name: spec.default for name, spec in self._specs.items()})
        self.live.update(self._values)
