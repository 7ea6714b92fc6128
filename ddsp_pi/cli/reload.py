"""`ddsp-pi reload`: a running module reads its settings now, and not only when their file has changed."""

import argparse
import socket
from collections.abc import Iterator
from pathlib import Path

from ddsp_pi.config import load_config, usual_file
from ddsp_pi.control.datagram import read_datagram
from ddsp_pi.control.messages import message
from ddsp_pi.errors import AudioError, ConfigError
from ddsp_pi.places import last_good_file

PATH = "/ddsp/reload"

ANSWER_S = 1.0
"""How long an answer may take."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--port", type=int, help="the module's OSC port (default: from the configuration)")
    parser.add_argument("--config", type=Path, metavar="YAML", help="the configuration that it plays with")


def run(args: argparse.Namespace) -> int:
    """Ask the module, by OSC on this computer.

    Raises:
        AudioError: none answers.
    """
    ports = [args.port] if args.port else list(dict.fromkeys(_ports(args.config or usual_file())))
    for port in ports:
        file = asked(port)
        if file is not None:
            print(f"{file} is read now; 'ddsp-pi config check' says what is wrong with it, if anything is")
            return 0
    tried = ", ".join(map(str, ports))
    raise AudioError(f"no module answers on OSC port {tried}; does it run? 'systemctl status ddsp-pi' says")


def asked(port: int) -> str | None:
    """Ask the module on a port; the file that it reads, None if there is no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(ANSWER_S)
        try:
            line.connect(("127.0.0.1", port))
            line.send(message(PATH, ""))
            [(path, values)] = read_datagram(line.recv(65_536))
        except (OSError, ValueError):
            return None
    return str(values[0]) if path == PATH and values else None


def _ports(file: Path | None) -> Iterator[int]:
    """Where it may listen: as the file says, or as it was before that was edited."""
    for source in (file, last_good_file(), None):
        try:
            yield load_config(source).osc.port
        except ConfigError:
            continue
