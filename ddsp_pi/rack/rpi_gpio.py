"""GPIO lines through the API of RPi.GPIO: that library itself, or rpi-lgpio, which works on a Pi 5 too."""

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.edges import Edges
from ddsp_pi.rack.pins import Change, inputs, outputs
from ddsp_pi.rack.spec import Line

_REMEDY = (
    "'sudo usermod -aG gpio $USER' and log in again if it may not be used; RPi.GPIO knows no Pi 5: "
    "there, 'pip uninstall RPi.GPIO' and 'pip install rpi-lgpio'"
)


class RpiGpioPins:
    """See Pins.

    A thread of the library notices edges, some tenths of a millisecond late. Where it cannot (RPi.GPIO on
    kernels since 6.6), levels are read instead, and a pulse between two readings is missed.
    """

    def __init__(self, lines: Mapping[str, Line]) -> None:
        """Take these lines, by the names of `BoardSpec.lines`.

        Raises:
            BoardError: the library does not know this machine, or the lines cannot be had.
        """
        self._gpio, library = _library()
        self._refusals = _refusals(self._gpio)
        self._inputs = {line.pin: (name, line) for name, line in inputs(lines).items()}
        self._outputs = outputs(lines)
        self._edges, self._noticed = Edges(), deque[tuple[str, bool, int]]()
        self._begun = False
        try:
            self._set_up()
        except self._refusals as error:
            raise BoardError(f"{library}: {error}; {_REMEDY}") from error
        self._notices = self._ask_for_edges()
        self.backend = f"{library}, {'edges' if self._notices else 'polled at 1 kHz'}"

    def changes(self) -> list[Change]:
        """See Pins."""
        try:
            found = self._followed() if self._begun and self._notices else self._read()
        except self._refusals as error:
            raise BoardError(f"{self.backend}: gates and buttons cannot be read: {error}") from error
        self._begun = True
        return found

    def set(self, name: str, active: bool) -> None:
        """See Pins."""
        try:
            self._put(self._outputs[name], active)
        except self._refusals as error:
            raise BoardError(f"{self.backend}: {name} cannot be set: {error}") from error

    def close(self) -> None:
        """See Pins."""
        pins = [*self._inputs, *(line.pin for line in self._outputs.values())]
        with suppress(*self._refusals):
            for line in self._outputs.values():
                self._put(line, False)
            # Only these: without a list it would take the pins of others too.
            self._gpio.cleanup(pins)

    def _set_up(self) -> None:
        gpio = self._gpio
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        for line in self._outputs.values():
            gpio.setup(line.pin, gpio.OUT, initial=int(line.active_low))
        for pin, (_, line) in self._inputs.items():
            gpio.setup(pin, gpio.IN, pull_up_down=gpio.PUD_UP if line.pull_up else gpio.PUD_OFF)

    def _ask_for_edges(self) -> bool:
        """Whether edges of all inputs will be noticed."""
        asked = []
        try:
            for pin in self._inputs:
                self._gpio.add_event_detect(pin, self._gpio.BOTH, callback=self._notice)
                asked.append(pin)
        except self._refusals:
            for pin in asked:
                self._gpio.remove_event_detect(pin)
            return False
        return True

    def _notice(self, pin: int) -> None:
        """There was an edge; said in the library's own thread."""
        at_ns = time.monotonic_ns()
        name, line = self._inputs[pin]
        self._noticed.append((name, self._active(line), at_ns))

    def _followed(self) -> list[Change]:
        waiting = [self._noticed.popleft() for _ in range(len(self._noticed))]
        found = [change for edge in waiting for change in self._edges.edge(*edge)]
        return sorted(found + self._edges.overdue(time.monotonic_ns()), key=lambda change: change.at_ns)

    def _read(self) -> list[Change]:
        """What the levels say; edges until now are in them."""
        self._noticed.clear()
        levels = [(name, self._active(line)) for name, line in self._inputs.values()]
        at_ns = time.monotonic_ns()
        return [change for name, active in levels for change in self._edges.level(name, active, at_ns)]

    def _active(self, line: Line) -> bool:
        return bool(self._gpio.input(line.pin)) is not line.active_low

    def _put(self, line: Line, active: bool) -> None:
        self._gpio.output(line.pin, int(active is not line.active_low))


def _library() -> tuple[Any, str]:
    """The module, whichever package brings it, and that package's name and version."""
    try:
        with _own_folder():
            from RPi import GPIO
    except (RuntimeError, OSError) as error:
        raise BoardError(f"RPi.GPIO: {error}; {_REMEDY}") from error
    package = "rpi-lgpio" if hasattr(GPIO, "lgpio") else "RPi.GPIO"
    try:
        return GPIO, f"{package} {version(package)}"
    except PackageNotFoundError:
        return GPIO, f"{package} {GPIO.VERSION}"


@contextmanager
def _own_folder() -> Iterator[None]:
    """Be in a folder of our own, which is gone afterwards.

    When lgpio is imported it goes to the folder in LG_WD, stays there, and makes a pipe of always the same
    name. In a folder where somebody else has done so before, it cannot; once open, the pipe needs no name.
    """
    here = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="ddsp-pi-") as folder:
        os.environ["LG_WD"] = folder
        try:
            yield
        finally:
            del os.environ["LG_WD"]
            os.chdir(here)


def _refusals(gpio: Any) -> tuple[type[Exception], ...]:
    """What the library raises; rpi-lgpio lets the errors of lgpio through."""
    lgpio = getattr(gpio, "lgpio", None)
    return (RuntimeError, ValueError, OSError, *(() if lgpio is None else (lgpio.error,)))
