"""OSC addresses that reach the board: panic, gate outputs, and the jacks of a simulated one."""

import math
import time
from collections.abc import Callable, Mapping

from ddsp_pi.control.hub import Hub
from ddsp_pi.processes.rack_side import RackSide
from ddsp_pi.rack.performance import MAX_VOLTS
from ddsp_pi.rack.sim import SimBoard

Handler = Callable[..., None]
"""Takes the address and the values of a message; may raise ValueError or TypeError."""


def board_addresses(rack: RackSide, hub: Hub) -> Mapping[str, Handler]:
    """What to do with messages, by address; called by the thread that takes OSC in."""
    return {
        "/ddsp/panic": lambda address: rack.later(hub.panic),
        "/ddsp/gateout/*": lambda address, level: rack.gate_outs.ask(_number(address), bool(level)),
        "/ddsp/sim/cv/*": lambda address, volts: _player(rack).patch(_number(address), _finite(volts)),
        "/ddsp/sim/cv/*/release": lambda address: _player(rack).patch(
            _number(address.removesuffix("/release")), math.nan
        ),
        "/ddsp/sim/gate/*": lambda address, level: _move(rack, "gate_in", address, level),
        "/ddsp/sim/button/*": lambda address, level: _move(rack, "button", address, level),
    }


def _player(rack: RackSide) -> SimBoard:
    """Whose jacks they are. Hands on them end the performance, as a cable that is pulled."""
    if rack.player is None:
        raise ValueError("a real board plays; only a simulated one (run --sim) has jacks for OSC")
    rack.player.unplug()
    return rack.player


def _move(rack: RackSide, line: str, address: str, level: float) -> None:
    _player(rack).move(f"{line}_{_number(address)}", bool(level), time.monotonic_ns())


def _number(address: str) -> int:
    return int(address.rpartition("/")[2])


def _finite(volts: float) -> float:
    if not abs(volts) <= MAX_VOLTS:
        raise ValueError(f"wants volts, at most {MAX_VOLTS:g} either way")
    return float(volts)
