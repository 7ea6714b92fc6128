"""The Board protocol: where volts, gates and buttons come from, and where gates and light go to."""

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

from ddsp_pi.frame import Edge

N_CVS = 8
"""Most CV jacks of any board; those that a board does not have are never patched."""

N_GATES = 4
N_BUTTONS = 3
UNPATCHED = (math.nan,) * N_CVS
NO_CABLES = (math.nan,) * (N_CVS + N_GATES)
"""What the engine is told while nothing is known: volts of the CV jacks and then of the gates."""

OPEN_VOLTS = 5.0
"""What an open gate counts as where it drives a parameter; a closed one is 0 V."""


class Press(msgspec.Struct, frozen=True, array_like=True):
    """Buttons were used: pressed shortly, or held. More than one if they were down together."""

    buttons: tuple[int, ...]
    """As on the panel, from 1 on, ascending."""
    held: bool
    at_ns: int


class Health(msgspec.Struct, frozen=True):
    """How a board does, for who looks after it."""

    raw_volts: tuple[float, ...] = UNPATCHED
    """As read, before anything was smoothed; calibrated."""
    noise_volts: tuple[float, ...] = UNPATCHED
    """Standard deviation of the readings while they are still."""
    trouble: str = ""
    """What is wrong now, and what to do about it; empty: nothing."""


class Board(Protocol):
    """A panel with jacks. Times are of one clock and only go forward."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """CV jack i+1 as last known before `at_ns`, NaN where nothing is patched: (N_CVS,)."""

    def events(self, until_ns: int) -> Sequence[Edge | Press]:
        """What has not been said yet and happened before `until_ns`, in order of time.

        The first call says which gates are open already.
        """

    def set_gate(self, gate: int, high: bool) -> None:
        """Set a gate output, from 1 on; one that the board does not have is nobody's concern."""

    def set_led(self, lit: bool) -> None:
        """Light the LED or not, if there is one."""

    def health(self) -> Health:
        """How the board does."""

    def close(self) -> None:
        """Outputs off; let go of the hardware."""


class NullBoard:
    """A panel with no cable in."""

    def volts(self, at_ns: int) -> tuple[float, ...]:
        """See Board."""
        return UNPATCHED

    def events(self, until_ns: int) -> Sequence[Edge | Press]:
        """See Board."""
        return ()

    def set_gate(self, gate: int, high: bool) -> None:
        """See Board."""

    def set_led(self, lit: bool) -> None:
        """See Board."""

    def health(self) -> Health:
        """See Board."""
        return Health()

    def close(self) -> None:
        """See Board."""
