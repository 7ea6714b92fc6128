"""A simulated board that answers on the wire, so that what plays with it is the real driver."""

import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.panel import PanelBoard
from ddsp_pi.rack.pins import Change
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.rack.spec import FULL_SCALE, BoardSpec, CvInput
from ddsp_pi.sections import Rack


@dataclass(frozen=True, slots=True)
class Flaws:
    """What parts of some tolerance do to a CV input: a wrong slope, a shift, a curve, and noise."""

    gain: float = 0.0
    """Share, 0.03 = 3 % too much."""
    offset_volts: float = 0.0
    bow: float = 0.0
    """How far the middle of the range is out of line with its ends, as a share of the range."""
    noise_counts: float = 0.0
    """Standard deviation of a single conversion."""

    def seen(self, volts: float, jack: CvInput) -> float:
        """The volts that an input takes a jack's volts for, without noise."""
        low, high = jack.low_volts, jack.high_volts
        place = (2.0 * volts - low - high) / (high - low)
        return self.offset_volts + volts * (1.0 + self.gain) + self.bow * (high - low) * (1.0 - place * place)


class SimSpi:
    """An MCP3208 at the end of an SPI bus, bit by bit; see mcp3208.Bus.

    It samples `cable(jack)`, the volts at jack i+1, through the inputs of a board.
    """

    def __init__(
        self,
        cvs: Sequence[CvInput],
        cable: Callable[[int], float],
        flaws: Flaws | None = None,
        seed: int = 0,
    ) -> None:
        self._jacks = {cv.channel: (jack, cv) for jack, cv in enumerate(cvs)}
        self._cable, self._flaws = cable, flaws or Flaws()
        self._random = random.Random(seed)
        self.stuck: int | None = None
        """A level, 0 or 1, at which the data line is stuck; None: it works."""
        self.absent = False
        """Whether the device file has gone."""
        self.transfers = 0

    def xfer2(self, values: list[int]) -> list[int]:
        """Send bytes and get as many back."""
        self.transfers += 1
        if self.absent:
            raise OSError(5, "Input/output error")
        bits = [value >> place & 1 for value in values for place in range(7, -1, -1)]
        if self.stuck is not None:
            return [0xFF * self.stuck] * len(values)
        return _bytes(self._answer(bits))

    def close(self) -> None:
        """See Bus."""

    def _answer(self, bits: list[int]) -> list[int]:
        """What the data line says: nothing up to the command's end, then null bit and result."""
        start = bits.index(1) if 1 in bits else len(bits)
        command = bits[start + 1 : start + 5]
        if len(command) < 4:
            return [0] * len(bits)
        result = self._convert(*command)
        # One bit of sampling, the null bit, then the result.
        said = [0] * (start + 7) + [result >> place & 1 for place in range(11, -1, -1)]
        return (said + [0] * len(bits))[: len(bits)]

    def _convert(self, single: int, d2: int, d1: int, d0: int) -> int:
        channel = d2 << 2 | d1 << 1 | d0
        found = self._counts(channel) - (0.0 if single else self._counts(channel ^ 1))
        noisy = found + self._random.gauss(0.0, self._flaws.noise_counts)
        return min(max(round(noisy), 0), FULL_SCALE)

    def _counts(self, channel: int) -> float:
        if channel not in self._jacks:
            return 0.0
        jack, cv = self._jacks[channel]
        return cv.counts(self._flaws.seen(self._cable(jack), cv))


class SimPins:
    """GPIO lines that hands move, and a simulated player if there is one; see Pins."""

    backend = "simulated"

    def __init__(self, player: SimBoard | None = None, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._player, self._now = player, now
        self._changes: deque[Change] = deque()
        self.lit: dict[str, bool] = {}
        """What the outputs are set to, by name."""
        self.broken = False
        """Whether the chip has gone."""

    def move(self, name: str, active: bool, at_ns: int) -> None:
        """Somebody moves an input."""
        self._changes.append(Change(name, active, at_ns))

    def changes(self) -> Sequence[Change]:
        """See Pins."""
        if self.broken:
            raise BoardError("the simulated chip has gone; plug it in again")
        found = [self._changes.popleft() for _ in range(len(self._changes))]
        if self._player is not None:
            found += self._player.changes(self._now())
        return sorted(found, key=lambda change: change.at_ns)

    def set(self, name: str, active: bool) -> None:
        """See Pins."""
        if self.broken:
            raise BoardError("the simulated chip has gone; plug it in again")
        self.lit[name] = active

    def close(self) -> None:
        """See Pins."""
        self.lit = dict.fromkeys(self.lit, False)


def simulated_board(
    spec: BoardSpec,
    settings: Rack,
    player: SimBoard,
    flaws: Flaws | None = None,
    now: Callable[[], int] = time.monotonic_ns,
) -> PanelBoard:
    """A board of that table with simulated chips, and the cables and gates of a player in its jacks.

    A jack without a cable is at 0 V, as it is with its knob at noon. `now`: the time in ns.
    """

    def cable(jack: int) -> float:
        volts = player.volts(now())[jack]
        return 0.0 if math.isnan(volts) else volts

    converter = Mcp3208(SimSpi(spec.cvs, cable, flaws or Flaws(noise_counts=0.5)))
    return PanelBoard(spec, converter, SimPins(player, now), settings)


def _bytes(bits: list[int]) -> list[int]:
    return [int("".join(map(str, bits[i : i + 8])), 2) for i in range(0, len(bits), 8)]
