"""Which board plays, and how it is opened: real, or simulated."""

import time
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.processes.launch import Launch
from ddsp_pi.rack.board import Board
from ddsp_pi.rack.boards import SIM, find_board
from ddsp_pi.rack.panel import open_board
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.rack.simulated import simulated_board


class Opened(NamedTuple):
    """A board, and whoever plays it if it is simulated."""

    board: Board
    player: SimBoard | None


def make_board(launch: Launch) -> Opened:
    """Open the board that a launch names; with a performance, one that only exists in software.

    Raises:
        BoardError: it cannot be opened; the message says what to do.
        PerformanceError: what it is to play cannot be played.
    """
    config = launch.config
    if launch.performance is None:
        return Opened(open_board(find_board(config.rack.board), config.rack), None)
    performance, long_press_ns = Path(launch.performance), round(config.rack.long_press_ms * 1e6)
    player = SimBoard(load_performance(performance), True, time.monotonic_ns(), long_press_ns)
    if config.rack.board == SIM:
        return Opened(player, player)
    return Opened(simulated_board(find_board(config.rack.board), config.rack, player), player)
