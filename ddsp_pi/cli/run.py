"""`ddsp-pi run`: play live."""

import argparse
import os
import signal
import threading
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ddsp_pi.cli.arguments import add_instrument_arguments, configuration
from ddsp_pi.config import Config
from ddsp_pi.link.shared import create
from ddsp_pi.processes.launch import Launch, command
from ddsp_pi.processes.supervisor import Supervisor
from ddsp_pi.service.choice import choose
from ddsp_pi.service.host import Host
from ddsp_pi.shipped import configs_folder

DEMO = Path("performances") / "violin-phrase.csv"

Section = TypeVar("Section", bound=msgspec.Struct)

PROGRAMS = ("engine", "control")
"""What always runs; Pd comes with a patch."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "--sim", action="store_true", help="a simulated board: a performance loops into its jacks"
    )
    parser.add_argument("--board", help="the board that carries the Pi (default: from the configuration)")
    parser.add_argument(
        "--cv", type=Path, metavar="CSV", help="the performance to loop (default: the demo phrase)"
    )
    parser.add_argument(
        "--backend", choices=("portaudio", "jack", "alsa", "null"), help="where the sound goes"
    )
    parser.add_argument("--device", help="audio device, by number, card id or a part of its name")
    parser.add_argument("--seconds", type=float, help="stop after that long")
    add_instrument_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Keep the engine and the control process alive until told to stop."""
    config = _configuration(args)
    choice = choose(Host(), config, simulated=args.sim or args.cv is not None)
    for reason in choice.reasons:
        print(reason, flush=True)
    rack, audio = _with(config.rack, board=choice.board), _with(config.audio, device=choice.device)
    demo = str((args.cv or configs_folder() / DEMO).resolve())
    link = create()
    launch = Launch(link.fd, _with(config, rack=rack, audio=audio), demo if choice.simulated else None)
    if args.seconds is not None:
        _stop_after(args.seconds)
    programs = (*PROGRAMS, "pd") if config.pd.patch else PROGRAMS
    return Supervisor(link, {program: command(program, launch) for program in programs}).run()


def _configuration(args: argparse.Namespace) -> Config:
    config = configuration(args)
    device = int(args.device) if (args.device or "").isdigit() else args.device
    audio = _with(config.audio, backend=args.backend, device=device)
    return msgspec.structs.replace(config, audio=audio, rack=_with(config.rack, board=args.board))


def _with(section: Section, **chosen: Any) -> Section:
    """A section with what was chosen on the command line over it."""
    return msgspec.structs.replace(section, **{k: v for k, v in chosen.items() if v is not None})


def _stop_after(seconds: float) -> None:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
