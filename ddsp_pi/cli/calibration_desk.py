"""Where a jack is calibrated from a terminal: its readings, and the questions to whoever patches it."""

import select
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.cvs import SCAN_NS, CvReader
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.simulated import Flaws, SimSpi
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.sections import Rack

FLAWS = Flaws(gain=0.03, offset_volts=0.04, bow=0.003, noise_counts=1.0)
"""Of a simulated board."""

LIVE = 100
"""Readings whose mean is shown while a voltage is waited for, some ten times a second."""


class Desk:
    """One jack, and the terminal."""

    def __init__(
        self, reader: CvReader, converter: Mcp3208, jack: int, patch: Callable[[float], None], paced: bool
    ) -> None:
        """`patch` brings volts into the jack, if software can; `paced`: not faster than while it plays."""
        self._reader, self._converter, self._jack = reader, converter, jack
        self.patch, self._paced = patch, paced
        self._live = sys.stdin.isatty()

    def reading(self) -> float:
        """The next reading of the jack, in volts by the parts on the board.

        Raises:
            BoardError: the converter is in trouble.
        """
        if self._paced:
            time.sleep(SCAN_NS * 1e-9)
        self._reader.scan(time.monotonic_ns())
        if self._reader.trouble:
            raise BoardError(self._reader.trouble)
        return self._reader.nominal[self._jack - 1]

    def ask(self, volts: float) -> str | None:
        """Ask for a voltage, and show what is read until a line comes; None at the end of the input."""
        question = f"patch {volts:g} V into CV {self._jack}, then Enter"
        if self._live:
            self._show_live(question)
        else:
            print(question, flush=True)
        line = sys.stdin.readline()
        return line.strip().lower() if line else None

    def close(self) -> None:
        """Let go of the converter."""
        self._converter.close()

    def _show_live(self, question: str) -> None:
        while not select.select([sys.stdin], [], [], 0)[0]:
            mean = sum([self.reading() for _ in range(LIVE)]) / LIVE
            print(f"\r\033[K{question} (reads {mean:.3f} V): ", end="", flush=True)


def open_desk(spec: BoardSpec, rack: Rack, jack: int, simulated: bool) -> Desk:
    """The jack of a board, or of a simulated one that is patched by itself.

    Raises:
        BoardError: there is no converter, or it may not be used.
    """
    source = {jack - 1: 0.0}

    def patch(volts: float) -> None:
        source[jack - 1] = volts

    if simulated:
        converter = Mcp3208(SimSpi(spec.cvs, lambda place: source.get(place, 0.0), FLAWS))
    else:
        converter = Mcp3208.open(replace(spec.spi, hz=rack.spi_hz))
    reader = CvReader(converter, spec.cvs, rack)
    return Desk(reader, converter, jack, patch, paced=not simulated or sys.stdin.isatty())
