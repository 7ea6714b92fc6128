"""`ddsp-pi run`: play live."""

import argparse
import os
import signal
import threading
from pathlib import Path

import msgspec

from ddsp_pi.cli.arguments import add_instrument_arguments, configuration
from ddsp_pi.config import Config
from ddsp_pi.errors import BoardError
from ddsp_pi.link.shared import create
from ddsp_pi.processes.launch import Launch, command
from ddsp_pi.processes.supervisor import Supervisor
from ddsp_pi.shipped import configs_folder

DEMO = Path("performances") / "violin-phrase.csv"

PROGRAMS = ("engine", "control")


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "--sim", action="store_true", help="a simulated board: a performance loops into its jacks"
    )
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
    if not args.sim:
        raise BoardError("no board driver is installed; try --sim, which plays without hardware")
    link = create()
    performance = (args.cv or configs_folder() / DEMO).resolve()
    launch = Launch(link.fd, _configuration(args), str(performance))
    if args.seconds is not None:
        _stop_after(args.seconds)
    return Supervisor(link, {program: command(program, launch) for program in PROGRAMS}).run()


def _configuration(args: argparse.Namespace) -> Config:
    config = configuration(args)
    device = int(args.device) if (args.device or "").isdigit() else args.device
    chosen = {"backend": args.backend, "device": device}
    audio = msgspec.structs.replace(config.audio, **{k: v for k, v in chosen.items() if v is not None})
    return msgspec.structs.replace(config, audio=audio)


def _stop_after(seconds: float) -> None:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
