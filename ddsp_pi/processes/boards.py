"""Which board plays, and how it is opened: real, or simulated."""

import time
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.config import Config
from ddsp_pi.errors import BoardError
from ddsp_pi.processes.launch import Launch
from ddsp_pi.rack.board import Board, NullBoard
from ddsp_pi.rack.boards import AUTO, SIM, find_board
from ddsp_pi.rack.panel import open_board
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.rack.simulated import simulated_board
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.sections import Rack
from ddsp_pi.service.detect import detect_board
from ddsp_pi.service.host import Host


class Opened(NamedTuple):
    """A board, and whoever plays it if it is simulated."""

    board: Board
    player: SimBoard | None


def spec_of(config: Config) -> BoardSpec:
    """The table of the board; one that is still looked for has as many jacks as any."""
    return find_board(SIM if config.rack.board == AUTO else config.rack.board)


def make_board(launch: Launch) -> Opened:
    """Open the board that a launch names; with a performance, one that only exists in software.

    Raises:
        BoardError: it cannot be opened; the message says what to do.
        PerformanceError: what it is to play cannot be played.
    """
    rack = launch.config.rack
    if launch.performance is None:
        return Opened(NullBoard() if rack.board == SIM else open_board(_present(rack), rack), None)
    performance, long_press_ns = Path(launch.performance), round(rack.long_press_ms * 1e6)
    player = SimBoard(load_performance(performance), True, time.monotonic_ns(), long_press_ns)
    if rack.board == SIM:
        return Opened(player, player)
    return Opened(simulated_board(find_board(rack.board), rack, player), player)


def _present(rack: Rack) -> BoardSpec:
    if rack.board != AUTO:
        return find_board(rack.board)
    found = detect_board(Host())
    if found.name is None:
        raise BoardError(f"no board: {found.reason}; 'ddsp-pi doctor' tells how to mend it")
    return find_board(found.name)
