"""The other side of the panel: what is plugged into its jacks, and what its outputs show."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.pins import inputs
from ddsp_pi.rack.spec import CvInput, Line

_CONVERTER = Path("/sys/module/spi_mcp3208_sim/parameters")
_CHIP = Path("/sys/kernel/config/gpio-sim/header")


def exists() -> bool:
    """Whether this is the guest."""
    return _CONVERTER.exists() and _CHIP.exists()


def chip_path() -> Path:
    """The device file of the chip behind the 40 pins."""
    return Path("/dev") / _read(_CHIP / "bank/chip_name")


class SimulatedConverter:
    """What the channels of the simulated MCP3208 read, and what it was asked."""

    def set(self, counts: Sequence[int]) -> None:
        """Counts of channels 0 to 7, from now on."""
        self._write("counts", ",".join(map(str, counts)))

    def cut_off(self, level: int) -> None:
        """The chip answers no more: its line stays at 0 or 1."""
        self._write("stuck", str(level))

    def connect(self) -> None:
        """It answers again."""
        self._write("stuck", "-1")

    def asked(self, what: str) -> int:
        """`transfers`, `last_hz` or `last_mode`."""
        return int(_read(_CONVERTER / what))

    def conversions(self) -> list[int]:
        """Of each channel, so far."""
        return [int(count) for count in _read(_CONVERTER / "conversions").split(",")]

    def _write(self, what: str, text: str) -> None:
        (_CONVERTER / what).write_text(text)


class Cables:
    """Volts in the CV jacks of a Terminal Tedium."""

    def __init__(self, converter: SimulatedConverter) -> None:
        self._converter = converter
        self._counts = [2048] * 8
        for jack in range(1, len(BOARD.cvs) + 1):
            self.plug(jack, 0.0)

    def plug(self, jack: int, volts: float) -> float:
        """Volts into jack 1…; returns those that the converter's step makes of them."""
        cv: CvInput = BOARD.cvs[jack - 1]
        self._counts[cv.channel] = round(cv.counts(volts))
        self._converter.set(self._counts)
        return cv.volts(self._counts[cv.channel])


class SimulatedLine:
    """A GPIO line from outside, active as its board has it."""

    def __init__(self, line: Line) -> None:
        folder = Path("/sys/devices/platform") / _read(_CHIP / "dev_name") / _read(_CHIP / "bank/chip_name")
        self._line, self._folder = line, folder / f"sim_gpio{line.pin}"

    @property
    def active(self) -> bool:
        """What it shows."""
        return (_read(self._folder / "value") == "1") is not self._line.active_low

    def pull(self, active: bool) -> None:
        """Drive it, if it is an input."""
        (self._folder / "pull").write_text("pull-up" if active is not self._line.active_low else "pull-down")


def lines() -> Mapping[str, SimulatedLine]:
    """All lines of a Terminal Tedium by their names; its inputs are let go of."""
    found = {name: SimulatedLine(line) for name, line in BOARD.lines.items()}
    for name in inputs(BOARD.lines):
        found[name].pull(False)
    return found


def until(told: Callable[[], bool], seconds: float = 10.0, pause_s: float = 0.001) -> bool:
    """Whether something became true in time; it is looked at after every pause."""
    deadline_s = time.monotonic() + seconds
    while not told():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(pause_s)
    return True


def _read(path: Path) -> str:
    return path.read_text().strip()
