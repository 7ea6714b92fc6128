"""GPIO lines through libgpiod: the kernel stamps every edge with its time."""

import errno
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from glob import glob
from typing import Any

import gpiod
from gpiod.line import Bias, Clock, Direction, Edge, Value

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.edges import Edges
from ddsp_pi.rack.pins import Change, inputs, outputs
from ddsp_pi.rack.spec import Line

CHIP_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""The chips behind the 40 pins: of a Pi 5, of a Pi 4, of those before. Their numbers have changed often."""

CONSUMER = "ddsp-pi"
"""Our name, for whoever finds a line busy."""

JOIN_GROUP = "'sudo usermod -aG gpio $USER', then log in again"

EVENTS = 1024
"""The most that the kernel keeps for a request: 1 ms of audio in every gate, many times over."""

_REFUSALS = (OSError, ValueError, NotImplementedError)
"""What the bindings raise for a kernel that says no."""


def chip_labels() -> dict[str, str | None]:
    """The labels of all GPIO chips by their device files; None: it may not be opened."""
    return {path: _label(path) for path in sorted(glob("/dev/gpiochip*"))}


def find_chip(labels: Mapping[str, str | None] | None = None) -> str:
    """The device file of the chip behind the 40 pins.

    Args:
        labels: what `chip_labels` says; None: ask it.

    Raises:
        BoardError: there is none; the message names all chips there are.
    """
    labels = chip_labels() if labels is None else labels
    for wanted in CHIP_LABELS:
        for path, label in labels.items():
            if label == wanted:
                return path
    denied = [path for path, label in labels.items() if label is None]
    if denied:
        raise BoardError(f"{', '.join(denied)}: may not be used; {JOIN_GROUP}")
    seen = ", ".join(f"{path} ({label})" for path, label in labels.items()) or "none"
    raise BoardError(
        f"no GPIO chip of a Raspberry Pi (one of {', '.join(CHIP_LABELS)}); there are: {seen}; "
        "'ddsp-pi doctor' tells more, 'ddsp-pi run --sim' plays without a board"
    )


def settings(line: Line, output: bool) -> gpiod.LineSettings:
    """How a line is asked for.

    An output begins inactive. An input is not debounced by the kernel, which would delay its edges.
    """
    if output:
        return gpiod.LineSettings(direction=Direction.OUTPUT, active_low=line.active_low)
    return gpiod.LineSettings(
        direction=Direction.INPUT,
        edge_detection=Edge.BOTH,
        bias=Bias.PULL_UP if line.pull_up else Bias.DISABLED,
        active_low=line.active_low,
        event_clock=Clock.MONOTONIC,
    )


def holders(lines: Mapping[str, Line], infos: Iterable[gpiod.LineInfo]) -> list[str]:
    """Which of these lines somebody has, and who it is."""
    names = {line.pin: name for name, line in lines.items()}
    return [
        f"{names[info.offset]} (GPIO {info.offset}) is held by {info.consumer or 'the kernel'!r}"
        for info in infos
        if info.used
    ]


class GpiodPins:
    """See Pins."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        """Take these lines, by the names of `BoardSpec.lines`.

        Raises:
            BoardError: there is no chip, or it may not be used, or somebody else has a line.
        """
        path = find_chip()
        with gpiod.Chip(path) as chip:
            label = chip.get_info().label
            self.backend = f"gpiod {gpiod.__version__}, {label}"
            self._where = f"{path} ({label})"
            self._outputs = _request(chip, outputs(lines), output=True)
            try:
                request = _request(chip, inputs(lines), output=False)
            except BoardError:
                _release(self._outputs)
                raise
        self._pins = {name: line.pin for name, line in outputs(lines).items()}
        self._inputs = request and _Inputs(request, {line.pin: name for name, line in inputs(lines).items()})

    def changes(self) -> list[Change]:
        """See Pins."""
        try:
            return self._inputs.changes() if self._inputs else []
        except _REFUSALS as error:
            raise BoardError(f"{self._where}: gates and buttons cannot be read: {error}") from error

    def set(self, name: str, active: bool) -> None:
        """See Pins."""
        try:
            if self._outputs:
                self._outputs.set_value(self._pins[name], Value.ACTIVE if active else Value.INACTIVE)
        except _REFUSALS as error:
            raise BoardError(f"{self._where}: {name} cannot be set: {error}") from error

    def close(self) -> None:
        """See Pins."""
        _release(self._outputs)
        if self._inputs:
            self._inputs.close()
        self._outputs = self._inputs = None


class Numbering:
    """Notices by their numbers that edges of a line were lost because nobody fetched them in time."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def gap(self, events: Iterable[gpiod.EdgeEvent]) -> bool:
        """Whether edges are missing before or between these."""
        found = False
        for event in events:
            before = self._last.get(event.line_offset, event.line_seqno - 1)
            found |= event.line_seqno != before + 1
            self._last[event.line_offset] = event.line_seqno
        return found


class _Inputs:
    """The lines that are read."""

    def __init__(self, request: gpiod.LineRequest, names: Mapping[int, str]) -> None:
        self._request, self._names = request, names
        self._edges, self._numbering = Edges(), Numbering()
        self._begun = False

    def changes(self) -> list[Change]:
        """See Pins. What happened before the first call is of no interest any more."""
        events = self._waiting()
        lost = self._numbering.gap(events)
        found = [change for event in events for change in self._told(event)] if self._begun else []
        if lost or not self._begun:
            found += self._levels()
        self._begun = True
        found += self._edges.overdue(time.monotonic_ns())
        return sorted(found, key=lambda change: change.at_ns)

    def close(self) -> None:
        self._request.release()

    def _waiting(self) -> list[gpiod.EdgeEvent]:
        """What the kernel has, in order of time; the rest of a flood comes with the next call."""
        events: list[gpiod.EdgeEvent] = []
        while len(events) < EVENTS and self._request.wait_edge_events(0):
            events += self._request.read_edge_events()
        return sorted(events, key=lambda event: event.timestamp_ns)

    def _told(self, event: gpiod.EdgeEvent) -> list[Change]:
        active = event.event_type is gpiod.EdgeEvent.Type.RISING_EDGE
        return self._edges.edge(self._names[event.line_offset], active, event.timestamp_ns)

    def _levels(self) -> list[Change]:
        pins = list(self._names)
        values = self._request.get_values(pins)
        at_ns = time.monotonic_ns()
        return [
            change
            for pin, value in zip(pins, values, strict=True)
            for change in self._edges.level(self._names[pin], value is Value.ACTIVE, at_ns)
        ]


def _label(path: str) -> str | None:
    try:
        with gpiod.Chip(path) as chip:
            return chip.get_info().label
    except PermissionError:
        return None
    except _REFUSALS as error:
        return f"not a chip: {error}"


def _request(chip: gpiod.Chip, lines: Mapping[str, Line], output: bool) -> gpiod.LineRequest | None:
    if not lines:
        return None
    wanted: dict[Any, gpiod.LineSettings | None] = {
        line.pin: settings(line, output) for line in lines.values()
    }
    try:
        return chip.request_lines(wanted, consumer=CONSUMER, event_buffer_size=None if output else EVENTS)
    except _REFUSALS as error:
        raise BoardError(_refusal(chip, lines, error)) from error


def _refusal(chip: gpiod.Chip, lines: Mapping[str, Line], error: Exception) -> str:
    where = f"{chip.path} ({chip.get_info().label})"
    if isinstance(error, OSError) and error.errno == errno.EBUSY:
        held = holders(lines, (chip.get_line_info(line.pin) for line in lines.values()))
        who = ", ".join(held) or "a line is in use"
        return f"{where}: {who}; end that program, or remove what takes the pin from config.txt"
    named = ", ".join(f"{name} (GPIO {line.pin})" for name, line in lines.items())
    return f"{where} refuses {named}: {error}; 'ddsp-pi doctor' tells more"


def _release(request: gpiod.LineRequest | None) -> None:
    """Set all outputs inactive and give them back."""
    if request is None:
        return
    with suppress(*_REFUSALS):
        request.set_values(dict.fromkeys(request.offsets, Value.INACTIVE))
    request.release()
