"""Which library drives the GPIO lines: the one that was asked for, or the first that is installed."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Literal

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.pins import Pins
from ddsp_pi.rack.spec import BoardSpec, Line

Open = Callable[[Mapping[str, Line]], Pins]

BACKENDS = {
    "gpiod": ("ddsp_pi.rack.gpio:GpiodPins", "ddsp-pi[rack]"),
    "rpi_gpio": ("ddsp_pi.rack.rpi_gpio:RpiGpioPins", "ddsp-pi[rpi-gpio]"),
}
"""What opens the lines, the preferred one first, and what has to be installed for it."""


def open_pins(
    spec: BoardSpec,
    backend: Literal["auto", "gpiod", "rpi_gpio"] = "auto",
    backends: Mapping[str, tuple[str, str]] = BACKENDS,
) -> Pins:
    """Take the GPIO lines of a board.

    Args:
        spec: the board.
        backend: a key of `backends`; auto: the first whose library is installed.
        backends: see BACKENDS.

    Raises:
        BoardError: no library is installed, or the lines cannot be had.
    """
    wanted = list(backends) if backend == "auto" else [backend]
    missing = []
    for name in wanted:
        where, _ = backends[name]
        try:
            return _opener(where)(spec.lines)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    raise BoardError(
        f"nothing is installed that drives the GPIO lines: {', '.join(missing)}; "
        f"pip install '{backends[wanted[0]][1]}'"
    )


def _opener(where: str) -> Open:
    module, _, name = where.partition(":")
    opener: Open = getattr(import_module(module), name)
    return opener
