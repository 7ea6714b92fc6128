"""A real panel: the Board of a table, over a converter and GPIO lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ddsp_pi.errors import BoardError
from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import Health, Press
from ddsp_pi.rack.buttons import Buttons
from ddsp_pi.rack.converter import Converter
from ddsp_pi.rack.cvs import SCAN_NS, Correction, CvReader, by_jack
from ddsp_pi.rack.debounce import Debounce
from ddsp_pi.rack.pins import Change, Pins
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.rack.wake import Wake
from ddsp_pi.sections import Rack

RETRY_NS = 1_000_000_000
"""How long lines that cannot be read are left alone."""

GATE_IN, BUTTON = "gate_in_", "button_"


class PanelBoard:
    """See Board. Whatever part of it fails, the others and the last good values stay."""

    def __init__(
        self,
        spec: BoardSpec,
        converter: Converter,
        pins: Pins,
        settings: Rack,
        corrections: Mapping[int, Correction] | None = None,
    ) -> None:
        """`corrections`: by jack, from 1 on, as calibrated."""
        self.spec = spec
        self.reader = CvReader(converter, spec.cvs, settings, corrections)
        self._converter, self._pins = converter, pins
        self._wake = Wake(spec.cvs, by_jack(settings.wakes))
        self._debounce = Debounce(round(settings.debounce_ms * 1e6))
        self._buttons = Buttons(round(settings.long_press_ms * 1e6))
        self._scan_ns = self._look_ns = 0
        self._trouble = ""

    @property
    def parts(self) -> str:
        """What drives it, for the log."""
        return f"{self.spec.title}: gates and buttons through {self._pins.backend}"

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        if at_ns >= self._scan_ns:
            # On its own grid, so that the pace does not drift; scans that were missed are not made up for.
            self._scan_ns = at_ns + SCAN_NS - (at_ns - self._scan_ns) % SCAN_NS
            self.reader.scan(at_ns)
        return self._wake.seen(self.reader.volts)

    def events(self, until_ns: int) -> Sequence[Edge | Press]:
        """See Board."""
        changes = self._changes(until_ns)
        gates = self._debounce.take([c for c in changes if c.name.startswith(GATE_IN)], until_ns)
        presses = self._buttons.take([c for c in changes if c.name.startswith(BUTTON)], until_ns)
        if not gates and not presses:
            return ()
        events: list[Edge | Press] = [*map(_edge, gates), *presses]
        return sorted(events, key=lambda event: event.at_ns)

    def set_gate(self, gate: int, high: bool) -> None:
        """See Board."""
        if gate <= len(self.spec.gates_out):
            self._set(f"gate_out_{gate}", high)

    def set_led(self, lit: bool) -> None:
        """See Board."""
        if self.spec.led is not None:
            self._set("led", lit)

    def health(self) -> Health:
        """See Board."""
        reader = self.reader
        return Health(reader.raw, reader.noise_volts, reader.trouble or self._trouble)

    def close(self) -> None:
        """See Board."""
        self._pins.close()
        self._converter.close()

    def _set(self, name: str, active: bool) -> None:
        try:
            self._pins.set(name, active)
        except BoardError as error:
            self._trouble = str(error)

    def _changes(self, until_ns: int) -> Sequence[Change]:
        if until_ns < self._look_ns:
            return ()
        try:
            changes = self._pins.changes()
        except BoardError as error:
            self._trouble, self._look_ns = str(error), until_ns + RETRY_NS
            return ()
        self._trouble = ""
        return changes


def _edge(change: Change) -> Edge:
    return Edge(int(change.name.removeprefix(GATE_IN)), change.active, change.at_ns)


def open_board(
    spec: BoardSpec, settings: Rack, corrections: Mapping[int, Correction] | None = None
) -> PanelBoard:
    """Open the hardware of a board.

    Raises:
        BoardError: a part of it is not there, is in use or may not be used, or its driver is not
            installed; the message says what to do.
    """
    from ddsp_pi.rack.mcp3208 import Mcp3208
    from ddsp_pi.rack.open_pins import open_pins

    converter = Mcp3208.open(replace(spec.spi, hz=settings.spi_hz))
    try:
        pins = open_pins(spec, settings.gpio)
    except BoardError:
        converter.close()
        raise
    return PanelBoard(spec, converter, pins, settings, corrections)
