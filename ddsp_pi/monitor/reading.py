"""What there is to show, as far as it is known."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ddsp_pi.control.reports import HELD

ERROR_LASTS_S = 2.5
"""What has not been said again for so long is over."""

MOST_ERRORS = 4
MOST_GATES = 16

NUMBERED = frozenset(("/ddsp/gate", "/ddsp/button"))
"""Addresses that end in a number."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed."""

    button: int
    held: bool
    at_s: float


@dataclass(slots=True)
class Reading:
    """Grows with what comes; what is not known is empty, NaN or None."""

    volts: Sequence[float] = ()
    """Of CV jack i+1, NaN where nothing is patched."""
    noise_volts: Sequence[float] = ()
    gates: dict[int, bool] = field(default_factory=dict)
    """Whether they are high, by number."""
    presses: deque[Pressed] = field(default_factory=lambda: deque(maxlen=64))
    load: float = math.nan
    """1 = all the time there is."""
    worst_load: float = math.nan
    xruns: int | None = None
    instrument: str = ""
    input_level: float = math.nan
    """Behind its gain, 1 = full scale."""
    input_clipped: bool = False
    input_offset: float = math.nan
    errors: dict[str, float] = field(default_factory=dict)
    """What is wrong, and when it was said for the last time."""

    def trouble(self, now_s: float) -> str:
        """All that is wrong now, in one line."""
        self.errors = {text: at_s for text, at_s in self.errors.items() if now_s - at_s < ERROR_LASTS_S}
        return "; ".join(self.errors)

    def complain(self, text: str) -> None:
        """Something is wrong now."""
        # It may quote what came over the network, and must not steer the terminal.
        plain = "".join(letter if letter.isprintable() else "?" for letter in text)
        self.errors[plain] = time.monotonic()
        if len(self.errors) > MOST_ERRORS:
            del self.errors[next(iter(self.errors))]

    def press(self, button: int, held: bool) -> None:
        """A button was pressed now."""
        self.presses.append(Pressed(button, held, time.monotonic()))

    def gate(self, number: int, high: bool) -> None:
        """A gate is high or low."""
        if 1 <= number <= MOST_GATES:
            self.gates[number] = high

    def take(self, address: str, values: Sequence[Any]) -> bool:
        """Learn from a message; False if it is none that says anything here."""
        name, _, number = address.rpartition("/")
        known = _LEARN.get(name if name in NUMBERED else address)
        if known is None:
            return False
        try:
            known(self, *((int(number),) if name in NUMBERED else ()), *values)
        except (TypeError, ValueError):
            return False
        return True

    def _cv(self, *volts: float) -> None:
        self.volts = tuple(map(float, volts))

    def _noise(self, *volts: float) -> None:
        self.noise_volts = tuple(map(float, volts))

    def _load(self, load: float) -> None:
        self.load = float(load)

    def _worst_load(self, load: float) -> None:
        self.worst_load = float(load)

    def _xruns(self, xruns: int) -> None:
        self.xruns = int(xruns)

    def _input(self, level: float, clipped: int, offset: float) -> None:
        self.input_level, self.input_clipped, self.input_offset = float(level), bool(clipped), float(offset)

    def _instrument(self, name: str) -> None:
        self.instrument = "".join(filter(str.isprintable, name))


_LEARN: dict[str, Callable[..., None]] = {
    "/ddsp/cv": Reading._cv,
    "/ddsp/stat/noise": Reading._noise,
    "/ddsp/stat/load": Reading._load,
    "/ddsp/stat/worst_load": Reading._worst_load,
    "/ddsp/stat/xruns": Reading._xruns,
    "/ddsp/instrument": Reading._instrument,
    "/ddsp/input": Reading._input,
    "/ddsp/error": Reading.complain,
    "/ddsp/gate": lambda reading, number, level: reading.gate(number, bool(level)),
    "/ddsp/button": lambda reading, number, kind: reading.press(number, kind == HELD),
}
