"""MCP3208: eight channels, 12 bits, over SPI.

A conversion is three bytes each way (Microchip DS21298, figure 6-1): a start bit, single-ended, three bits
of channel; then, after the time of sampling, a null bit and twelve bits of result, highest first.
"""

from typing import Any, Protocol

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.spec import Spi

CHANNELS = 8
_NULL_BIT = 0x10


class Bus(Protocol):
    """What is needed of `spidev.SpiDev`."""

    def xfer2(self, values: list[int]) -> Any:
        """Send bytes while the chip is selected; the bytes that came back meanwhile."""

    def close(self) -> None:
        """Let go of the device."""


def frame(channel: int) -> tuple[int, int, int]:
    """The three bytes that ask for a channel, 0..7."""
    return 0x06 | channel >> 2, (channel & 3) << 6, 0


def counts(reply: tuple[int, int, int] | list[int]) -> int | None:
    """The result in the three bytes that came back, 0..4095; None if the null bit is not there."""
    return None if reply[1] & _NULL_BIT else (reply[1] & 0x0F) << 8 | reply[2]


class Mcp3208:
    """The converter; see Converter."""

    def __init__(self, bus: Bus, path: str = "the bus") -> None:
        """Talk to the chip on an open bus; `path` names it in messages."""
        self._transfer, self._close, self._path = bus.xfer2, bus.close, path
        self._frames = [frame(channel) for channel in range(CHANNELS)]

    @classmethod
    def open(cls, spi: Spi) -> "Mcp3208":
        """Open its device file.

        Raises:
            BoardError: there is none, or it may not be used; the message says what to do.
        """
        try:
            import spidev
        except ModuleNotFoundError as error:
            raise BoardError("no spidev here; install it with: pip install 'ddsp-pi[rack]'") from error
        bus = spidev.SpiDev()
        try:
            bus.open(spi.bus, spi.device)
            bus.max_speed_hz, bus.mode, bus.bits_per_word = spi.hz, spi.mode, 8
        except OSError as error:
            bus.close()
            raise BoardError(f"{spi.path}: {error.strerror}; {_remedy(error)}") from error
        return cls(bus, spi.path)

    def read(self, channel: int) -> int:
        """See Converter."""
        try:
            # A new list each time: spidev writes what came back into the list it was given.
            reply = self._transfer([*self._frames[channel]])
        except OSError as error:
            raise BoardError(f"{self._path}: {error.strerror}; {_remedy(error)}") from error
        found = counts(reply)
        if found is None:
            raise BoardError(
                f"{self._path}: no MCP3208 answers (its data line stays high); check its power, "
                "that the board sits firmly, and the wires of MISO and CS"
            )
        return found

    def close(self) -> None:
        """See Converter."""
        self._close()


_REMEDIES: dict[type[OSError], str] = {
    FileNotFoundError: "switch SPI on: 'dtparam=spi=on' in config.txt and a reboot; see 'ddsp-pi doctor'",
    PermissionError: "may not be used: 'sudo usermod -aG spi $USER', then log in again",
}


def _remedy(error: OSError) -> str:
    return _REMEDIES.get(type(error), "see 'ddsp-pi doctor'")
