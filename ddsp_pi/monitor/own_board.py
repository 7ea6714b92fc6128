"""The board, read by the monitor itself while no daemon does."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from ddsp_pi.config import Config
from ddsp_pi.errors import BoardError
from ddsp_pi.frame import Edge
from ddsp_pi.monitor.reading import Reading
from ddsp_pi.monitor.recording import Recording
from ddsp_pi.rack.board import Board, Press
from ddsp_pi.rack.boards import AUTO, find_board
from ddsp_pi.rack.calibration_file import CalibrationWatch
from ddsp_pi.rack.panel import open_board
from ddsp_pi.rack.spec import BoardSpec
from ddsp_pi.service.detect import Detected, detect_board
from ddsp_pi.service.host import Host

BEAT_S = 0.001
"""How often gates are looked at; the board scans its jacks at its own pace."""

STATUS_NS = 250_000_000


class OwnBoard:
    """See Source. Learns from a board; nothing plays."""

    lost = 0
    """See Source. There is no way on which anything could be lost."""

    def __init__(self, board: Board, spec: BoardSpec) -> None:
        self._board, self._cvs = board, len(spec.cvs)
        self._recording: Recording | None = None
        self._status_ns = 0
        self.reading = Reading(gates=dict.fromkeys(range(1, len(spec.gates_in) + 1), False))

    def record(self, recording: Recording) -> None:
        """See Source."""
        self._recording = recording

    def listen(self, until_s: float) -> None:
        """See Source."""
        while time.monotonic() < until_s:
            self._beat(time.monotonic_ns())
            time.sleep(BEAT_S)

    def close(self) -> None:
        """See Source."""
        self._board.close()

    def _beat(self, now_ns: int) -> None:
        for event in self._board.events(now_ns):
            self._learn(event)
        self.reading.volts = self._board.volts(now_ns)[: self._cvs]
        if self._recording is not None:
            self._record(self._recording, now_ns)
        if now_ns >= self._status_ns:
            self._status_ns = now_ns + STATUS_NS
            self._look()

    def _learn(self, event: Edge | Press) -> None:
        if isinstance(event, Press):
            for button in event.buttons:
                self.reading.press(button, event.held)
            return
        self.reading.gate(event.gate, event.high)
        if self._recording is not None:
            self._recording.gate(event.at_ns, event.gate, event.high)

    def _record(self, recording: Recording, now_ns: int) -> None:
        recording.scan(now_ns, self._board.health().raw_volts[: self._cvs])
        recording.beat()

    def _look(self) -> None:
        health = self._board.health()
        self.reading.noise_volts = health.noise_volts[: self._cvs]
        if health.trouble:
            self.reading.complain(health.trouble)


def own_board(config: Config, folder: Path, say: Callable[[str], None]) -> OwnBoard:
    """Open the board that the configuration names, or the one that is there, with its calibration.

    Args:
        config: what is played with.
        folder: the data folder of the installation.
        say: is told of the calibration.

    Raises:
        BoardError: there is none, or it cannot be opened.
    """
    name = config.rack.board
    found = detect_board(Host()) if name == AUTO else Detected(name, "it is configured")
    if found.name is None:
        raise BoardError(found.reason)
    spec = find_board(found.name)
    if spec.simulated:
        raise BoardError(f"board {spec.name!r} has no parts to read")
    # Nothing plays that a jack could hold before it moves.
    board = open_board(spec, structs.replace(config.rack, wakes={}))
    CalibrationWatch(folder, spec, board.reader.correct).poll(say)
    return OwnBoard(board, spec)
