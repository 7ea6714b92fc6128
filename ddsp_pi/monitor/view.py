"""A reading, ready to be shown: what each jack plays, notes by name, noise in cents."""

import math
from collections.abc import Callable
from itertools import repeat

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.dsp.notes import name_and_cents
from ddsp_pi.monitor.reading import Reading
from ddsp_pi.rack.calibration import CENTS_PER_VOLT
from ddsp_pi.rack.performance import CV_COLUMNS
from ddsp_pi.rack.routing import LAWS
from ddsp_pi.sections import Route


class Jack(msgspec.Struct, frozen=True):
    """A CV jack."""

    jack: str
    volts: float | None
    """None: nothing is patched, as far as the board can tell."""
    plays: str
    """The parameters that it drives."""
    note: float | None
    """MIDI number, if it plays one."""
    name: str
    """Of the note, with cents."""
    noise_cents: float | None


class Button(msgspec.Struct, frozen=True):
    """A button that was pressed."""

    button: int
    held: bool


class View(msgspec.Struct, frozen=True):
    """All there is to show; what is not known is None or empty."""

    jacks: tuple[Jack, ...]
    gates: dict[int, bool]
    buttons: tuple[Button, ...]
    load: float | None
    worst_load: float | None
    xruns: int | None
    instrument: str
    trouble: str
    input_level: float | None = None
    """Behind its gain, 1 = full scale; None where the mode does not listen."""
    input_clipped: bool = False
    input_offset: float | None = None


class Viewer:
    """Knows what a configuration makes of the jacks."""

    def __init__(self, config: Config) -> None:
        self._plays: dict[str, list[str]] = {}
        self._notes: dict[str, Callable[[float], float]] = {}
        for route in config.cv.routes:
            self._plays.setdefault(route.jack, []).append(route.to)
            if route.law == "v_oct":
                self._notes.setdefault(route.jack, _note_of(route, config.cv.zero_volt_note))

    def view(self, reading: Reading, now_s: float, presses_since_s: float) -> View:
        """What there is to show now, with the buttons that were pressed since then."""
        noises = (*reading.noise_volts, *repeat(math.nan, len(reading.volts)))
        return View(
            tuple(self._jack(*jack) for jack in zip(CV_COLUMNS, reading.volts, noises, strict=False)),
            dict(sorted(reading.gates.items())),
            tuple(Button(p.button, p.held) for p in reading.presses if p.at_s > presses_since_s),
            _known(reading.load),
            _known(reading.worst_load),
            reading.xruns,
            reading.instrument,
            reading.trouble(now_s),
            _known(reading.input_level),
            reading.input_clipped,
            _known(reading.input_offset),
        )

    def _jack(self, jack: str, volts: float, noise_volts: float) -> Jack:
        note = self._notes[jack](volts) if jack in self._notes and math.isfinite(volts) else None
        return Jack(
            jack,
            _known(volts, 5),
            ", ".join(self._plays.get(jack, [])),
            None if note is None else round(note, 4),
            "" if note is None else name_and_cents(note),
            _known(noise_volts * CENTS_PER_VOLT, 2),
        )


def _note_of(route: Route, zero_volt_note: float) -> Callable[[float], float]:
    low, high = route.volts
    law = LAWS[route.law](route.volts, (0.0, 0.0), zero_volt_note)
    return lambda volts: law(min(max(volts * route.attenuverter + route.offset, low), high))


def _known(value: float, digits: int = 4) -> float | None:
    # More would be noise of the way here.
    return round(value, digits) if math.isfinite(value) else None
