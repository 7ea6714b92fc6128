"""Calibrating a jack step by step: the steps themselves, and how buttons and an LED lead through them."""

import math
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.calibration import (
    Calibration,
    Point,
    correction,
    measure,
    residual_cents,
    robust_mean,
)
from ddsp_pi.rack.cvs import SCAN_NS
from ddsp_pi.rack.spec import CvInput

READINGS = 800_000_000 // SCAN_NS
"""For each point: 0.8 s of them, so that hum averages out, and at least as many conversions."""

PANEL_POINTS = 5
"""With so many, calibrating from the panel ends by itself."""

TAKE, CANCEL, DONE = 1, 2, 3
"""The buttons of the panel while it calibrates."""

PATIENCE = 120_000_000_000 // SCAN_NS
"""Readings, two minutes of them, after which nobody is there any more."""


def whole_volts(jack: CvInput, points: int) -> tuple[float, ...]:
    """So many whole volts, spread over what a jack can read even if its parts are far off.

    Raises:
        BoardError: there are not so many.
    """
    low, high = math.ceil(jack.low_volts + 0.5), math.floor(jack.high_volts - 0.5)
    if not 2 <= points <= high - low + 1:
        raise BoardError(f"{points} points: give 2 to {high - low + 1}, whole volts from {low} to {high}")
    return tuple(float(round(low + (high - low) * place / (points - 1))) for place in range(points))


class Light(StrEnum):
    """What the LED has to say while the panel calibrates."""

    CALIBRATING = "calibrating"
    """Wants the next voltage."""
    COLLECTING = "collecting"
    """Leave the cable alone."""
    DONE = "done"
    REFUSED = "refused"
    """Over, and nothing has changed."""


class Session:
    """Collects the points of one jack. Nothing is kept anywhere before `finish`."""

    def __init__(self, jack: CvInput, oversample: int) -> None:
        """`oversample`: conversions in each reading."""
        self._jack, self._oversample = jack, oversample
        self._points: dict[float, Point] = {}
        self._said: float | None = None
        self._readings: list[float] = []
        self.collecting = False
        """Whether readings are being taken; else the next voltage is waited for."""

    @property
    def points(self) -> tuple[Point, ...]:
        """What was measured, in the order in which it was."""
        return tuple(self._points.values())

    def begin(self, volts: float | None = None) -> None:
        """Collect readings of these volts from now on; None: whole volts away from the first point."""
        self._said, self._readings, self.collecting = volts, [], True

    def take(self, nominal: float) -> Point | None:
        """One reading, in volts by the parts on the board; the last one that a point needs returns it.

        A point at volts that were measured before takes the place of that one.

        Raises:
            BoardError: the readings make no point; the message says why, and the next `begin` is waited for.
        """
        if not self.collecting or not math.isfinite(nominal):
            return None
        self._readings.append(nominal)
        if len(self._readings) < READINGS:
            return None
        self.collecting = False
        volts = self._octave() if self._said is None else self._said
        point = measure(volts, self._readings, self._oversample, self._jack)
        self._points[volts] = point
        return point

    def repeat(self) -> None:
        """Forget the last point."""
        if self._points:
            self._points.popitem()

    def cancel(self) -> None:
        """Forget everything."""
        self._points, self.collecting = {}, False

    def finish(self, made: datetime) -> Calibration:
        """The calibration.

        Raises:
            BoardError: the points cannot be those of a jack; the message says why.
        """
        correction(self.points)
        span = (self._jack.low_volts, self._jack.high_volts)
        return Calibration(made.replace(microsecond=0), span, self.points)

    def _octave(self) -> float:
        nominal = robust_mean(self._readings)
        if not self._points:
            return float(round(nominal))
        first = next(iter(self._points.values()))
        return first.volts + round(nominal - first.nominal)


class PanelCalibration:
    """Calibrates a jack by octaves from any keyboard or sequencer, with three buttons and an LED.

    Button 1 takes the note that is played, 2 leaves everything as it was, 3 keeps what was measured.
    """

    def __init__(
        self,
        number: int,
        jack: CvInput,
        oversample: int,
        save: Callable[[Calibration], object],
        say: Callable[[str], None],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`number`: of the jack on the panel. `save` may raise OSError; `say` takes a line for the log."""
        self._name, self._session = f"CV {number}", Session(jack, oversample)
        self._save, self._say, self._now = save, say, now
        self._patience = PATIENCE
        self.light = Light.CALIBRATING
        self.calibration: Calibration | None = None
        """What came of it, once it is saved."""
        say(
            f"{self._name} is being calibrated: play any C and press button {TAKE}, then the same with other "
            f"octaves, {PANEL_POINTS} in all; button {CANCEL} cancels, button {DONE} ends it sooner"
        )

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.light in (Light.DONE, Light.REFUSED)

    def press(self, press: Press) -> None:
        """A button; those held and those pressed together mean nothing here."""
        acts: dict[tuple[int, ...], Callable[[], None]] = {
            (TAKE,): self._begin,
            (CANCEL,): self._cancel,
            (DONE,): self._finish,
        }
        act = acts.get(press.buttons)
        if act is not None and not press.held and not self.over:
            self._patience = PATIENCE
            act()

    def take(self, nominal: float) -> None:
        """A reading of the jack, as CvReader.nominal has it after each scan."""
        if self.over:
            return
        self._patience -= 1
        if self._patience == 0:
            self.end("nobody has pressed a button for two minutes")
            return
        try:
            point = self._session.take(nominal)
        except BoardError as error:
            self.light = Light.CALIBRATING
            self._say(f"{self._name}, a point that was not taken: {error}")
            return
        if point is not None:
            self._taken(point)

    def end(self, why: str) -> None:
        """Leave everything as it was."""
        self._session.cancel()
        self.light = Light.REFUSED
        self._say(f"{self._name} is calibrated as it was before: {why}")

    def _begin(self) -> None:
        if not self._session.collecting:
            self._session.begin()
            self.light = Light.COLLECTING

    def _cancel(self) -> None:
        self.end("cancelled")

    def _taken(self, point: Point) -> None:
        self.light = Light.CALIBRATING
        points = len(self._session.points)
        self._say(f"{self._name}: {point.volts:g} V reads {point.nominal:.4f} V, point {points}")
        if points == PANEL_POINTS:
            self._finish()

    def _finish(self) -> None:
        if self._session.collecting:
            return
        try:
            calibration = self._session.finish(self._now())
            self._save(calibration)
        except OSError as error:
            # A BoardError is one as well: points that cannot be.
            self.end(str(error))
            return
        self.calibration, self.light = calibration, Light.DONE
        left = zip(calibration.points, residual_cents(calibration.points), strict=True)
        said = ", ".join(f"{cents:+.1f} at {point.volts:g} V" for point, cents in left)
        self._say(f"{self._name} is calibrated; what is left, in cents: {said}")
