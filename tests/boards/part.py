"""A driver in a process of its own, where its hardware seems to be: reads calls, says what came of them.

Each line in is a JSON list, the name of a method and its arguments; each line out what it returned, or what
was refused.
"""

import json
import subprocess
import sys

from msgspec.structs import replace

from ddsp_pi.config import load_config
from ddsp_pi.errors import BoardError
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.simulated import SimPins
from ddsp_pi.rack.spec import Spi


class RefusedError(Exception):
    """The driver raised a BoardError."""


class Part:
    """Starts the process and calls the driver in it."""

    def __init__(self, opener, *arguments, within=(), **environment):
        command = [*within, sys.executable, "-m", __name__, opener, json.dumps(arguments)]
        self._process = subprocess.Popen(
            ["env", *(f"{name}={value}" for name, value in environment.items()), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def call(self, method, *arguments):
        print(json.dumps([method, *arguments]), file=self._process.stdin, flush=True)
        return self._answer()

    def end(self):
        self._process.stdin.close()
        assert self._process.wait(10) == 0

    def _answer(self):
        said = json.loads(self._process.stdout.readline() or '{"refused": "the process ended"}')
        if "refused" in said:
            raise RefusedError(said["refused"])
        return said["returned"]


def converter(*spi):
    from ddsp_pi.rack.mcp3208 import Mcp3208

    return Mcp3208.open(Spi(*spi))


def pins(board):
    from ddsp_pi.rack.rpi_gpio import RpiGpioPins

    return RpiGpioPins(find_board(board).lines)


class Panel:
    """A whole board without GPIO lines, which plays on a clock of its own."""

    def __init__(self, board, settings):
        from ddsp_pi.rack.mcp3208 import Mcp3208
        from ddsp_pi.rack.panel import PanelBoard

        spec = find_board(board)
        rack = replace(load_config().rack, **settings)
        self._board = PanelBoard(spec, Mcp3208.open(spec.spi), SimPins(), rack)
        self._now_ns = 0

    def play(self, seconds):
        """Read as often as a control process would; the volts of all jacks then."""
        for _ in range(round(seconds * 1000)):
            self._now_ns += 1_000_000
            volts = self._board.volts(self._now_ns)
        return volts

    def trouble(self):
        return self._board.health().trouble


OPENERS = {"converter": converter, "pins": pins, "panel": Panel}


def answer(said):
    print(json.dumps(said), flush=True)


def serve(opener, arguments):
    try:
        driver = OPENERS[opener](*arguments)
    except BoardError as error:
        return answer({"refused": str(error)})
    answer({"returned": None})
    for line in sys.stdin:
        method, *rest = json.loads(line)
        try:
            found = getattr(driver, method)
            answer({"returned": found(*rest) if callable(found) else found})
        except BoardError as error:
            answer({"refused": str(error)})
    return None


if __name__ == "__main__":
    serve(sys.argv[1], json.loads(sys.argv[2]))
