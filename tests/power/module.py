"""`ddsp-pi run --unattended` as a service starts it, without a board and into nothing.

Started as a program, this brings up the loopback of the network that it finds itself in, which is its own,
and becomes the command that it is given.
"""

import fcntl
import os
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.programs import OURS, Program, free_port

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


class Module(Program):
    """Runs from `with` to its end, in namespaces of its own where they are asked for."""

    def __init__(self, folder: Path, settings: str = "", unshare: Sequence[str] = ()) -> None:
        """`unshare`: what of it is to be its own; in a network of its own it has the usual ports."""
        self.port = free_port()
        file, alone = folder / "module.yaml", "-rn" in unshare
        ports = "" if alone else f"osc: {{port: {self.port}, query_port: 0}}\n"
        file.write_text(f"audio: {{backend: 'null', period: 512}}\nrack: {{board: sim}}\n{ports}{settings}")
        run = [*OURS, "run", "--unattended", "--config", str(file)]
        beginning = [sys.executable, "-m", "tests.power.module"] if alone else []
        self._command = [*(["unshare", *unshare] if unshare else []), *beginning, *run]
        self._runtime = folder / "run"
        self._runtime.mkdir(exist_ok=True)

    def __enter__(self) -> "Module":
        super().__init__(*self._command, env={**os.environ, "RUNTIME_DIRECTORY": str(self._runtime)})
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def pids(self) -> list[int]:
        """The supervisor's and its children's."""
        (children,) = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *map(int, children.read_text().split())]


def bring_up_loopback() -> None:
    """As root of a network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        flags = struct.unpack("16sh", fcntl.ioctl(asking, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    bring_up_loopback()
    os.execv(sys.argv[1], sys.argv[1:])
