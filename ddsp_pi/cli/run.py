"""`ddsp-pi run`: play live."""

import argparse
import os
import signal
import threading
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ddsp_pi.cli.arguments import add_instrument_arguments, configuration
from ddsp_pi.config import Config, load_config, usual_file
from ddsp_pi.errors import DdspPiError
from ddsp_pi.processes.begin import Service, attended, held_at_start, with_choice
from ddsp_pi.processes.changes import difference
from ddsp_pi.processes.child import BEGIN_ANEW
from ddsp_pi.service.choice import choose
from ddsp_pi.service.host import Host
from ddsp_pi.service.notify import systemd_notify
from ddsp_pi.shipped import demo

Section = TypeVar("Section", bound=msgspec.Struct)


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
    parser.add_argument(
        "--unattended",
        action="store_true",
        help="as a service: whatever is wrong, something plays; only --config and --safe count beside it",
    )
    parser.add_argument(
        "--safe", action="store_true", help="with --unattended: safe mode, with what ships and nothing else"
    )
    add_instrument_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Keep the engine and the control process alive until told to stop."""
    if args.unattended:
        return _serve(args)
    if args.seconds is not None:
        _stop_after(args.seconds)
    while (code := _play(args)) == BEGIN_ANEW:
        _say("everything begins anew with the settings as they are now")
    return code


def _play(args: argparse.Namespace) -> int:
    config, file = _configuration(args), _file(args)
    performance = str((args.cv or demo(config.mode)).resolve())
    choice = choose(Host(), config, simulated=args.sim or args.cv is not None)
    for reason in choice.reasons:
        _say(reason)
    over = difference(msgspec.to_builtins(load_config(file)), msgspec.to_builtins(config))
    return attended(with_choice(config, choice), performance if choice.simulated else None, file, over)


def _serve(args: argparse.Namespace) -> int:
    """As a service: of the arguments only the file of settings counts."""
    file = _file(args)
    service = Service(file, systemd_notify(), _say)
    if args.safe:
        return service.run("as it was asked for with --safe")
    return service.run("a button was held at the start" if _button(file) else "")


def _button(file: Path | None) -> bool:
    try:
        return held_at_start(load_config(file))
    except DdspPiError:
        # The board may still be found with the settings that come with the program.
        return held_at_start(load_config())


def _file(args: argparse.Namespace) -> Path | None:
    file: Path | None = args.config or usual_file()
    return file


def _say(text: str) -> None:
    print(text, flush=True)


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
