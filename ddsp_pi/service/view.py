"""What the checks look at: a system, the board it should be, the settings, and what is asked of the parts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_pi.config import Config
from ddsp_pi.places import SERVICE, UNITS
from ddsp_pi.rack.spec import BoardSpec, Codec, Spi
from ddsp_pi.service.bootfiles import BootFiles
from ddsp_pi.service.host import Host


@dataclass(frozen=True, slots=True)
class Probes:
    """What cannot be read from files: the parts are asked themselves."""

    load_module: Callable[[str], Any]
    """A Python library by its name; raises whatever its import raises."""
    load_shared: Callable[[str], Any]
    """A shared C library; OSError: it is not there."""
    read_counts: Callable[[Spi, Iterable[int]], Mapping[int, Sequence[int]]]
    """Some conversions of each of these channels; BoardError: the converter does not answer."""
    instruments: Callable[[], Mapping[Path, str]]
    """All instrument files, each with the reason why it cannot play; empty: it can."""
    kernel: Callable[[], str]
    """Which kernel plays, in words."""
    data_folder: Callable[[], Path]
    """Where the player's own things are kept."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What setup is to bring about; whoever only looks has none."""

    source: str = ""
    """The wheel, folder or address that the program is to come from; empty: the usual index."""
    named: bool = False
    """Whether that was asked for, so that it takes the place of what is there."""
    board: str = ""
    """The board that was named."""
    person: str = ""
    """Who is to change settings and instruments without being root."""
    start: bool = True
    """Whether the service is to play at once."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything there is to look at."""

    host: Host
    probes: Probes
    boot: BootFiles | None
    config: Config | None
    """None: it cannot be used."""
    config_said: str
    """Which file it is, or what is wrong with it."""
    board: BoardSpec | None
    board_said: str
    """Why it is that board, or why none."""
    board_wanted: bool = False
    """Whether somebody named the board that is not there."""
    wish: Wish | None = None

    @property
    def spi(self) -> Spi:
        """Where the converter should be."""
        return Spi() if self.board is None else self.board.spi

    @property
    def codec(self) -> Codec:
        """The codec of a board that has one; see `has_codec`."""
        assert self.board is not None
        assert self.board.codec is not None
        return self.board.codec

    @property
    def lines(self) -> dict[int, str]:
        """Names of the board's GPIO lines by pin; without a board none."""
        return {} if self.board is None else {line.pin: name for name, line in self.board.lines.items()}


def as_service(view: View) -> str:
    """A need: it is a module that plays by itself, or is to become one."""
    here = view.wish is not None or view.host.exists(str(UNITS / SERVICE))
    return "" if here else "not set up as a service ('sudo ddsp-pi setup' does it)"


def on_pi(view: View) -> str:
    """A need: it is a Raspberry Pi."""
    return "" if view.host.model else "not a Raspberry Pi"


def rack_here(view: View) -> str:
    """A need: a rack may be played here."""
    if view.board is not None and view.board.simulated:
        return "the board is a simulated one"
    here = view.host.model or view.host.glob("/dev/spidev*")
    return "" if here else "not a Raspberry Pi, and no SPI device"


def has_board(view: View) -> str:
    """A need: it is known which board it should be."""
    return "" if view.board else "it is not known which board this is"


def has_codec(view: View) -> str:
    """A need: the board has a codec of its own."""
    if view.board is None:
        return has_board(view)
    return "" if view.board.codec else f"{view.board.name} has no codec"


def has_boot(view: View) -> str:
    """A need: the firmware's files can be seen."""
    return "" if view.boot else "no config.txt of the firmware's here"


def has_config(view: View) -> str:
    """A need: there are settings."""
    return "" if view.config else "the configuration cannot be used"
