"""`ddsp-pi run`: play live."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from ddsp_pi.app import App, build
from ddsp_pi.cli.outside import OutsideLog, notes_on
from ddsp_pi.cli.render import add_instrument_arguments, configuration
from ddsp_pi.config import Config
from ddsp_pi.control.osc import OscServer
from ddsp_pi.control.watch import InstrumentWatch, Regularly
from ddsp_pi.engine.audio import AudioIO, NullAudio
from ddsp_pi.engine.portaudio import PortAudio
from ddsp_pi.errors import AudioError, BoardError
from ddsp_pi.models.library import find_instrument
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder

DEMO = Path("performances") / "violin-phrase.csv"

LOOK_EVERY_S = 0.5
"""How soon a new instrument file, or a cable that is out of range, is seen."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "--sim", action="store_true", help="a simulated board: a performance loops into its jacks"
    )
    parser.add_argument(
        "--cv", type=Path, metavar="CSV", help="the performance to loop (default: the demo phrase)"
    )
    parser.add_argument("--backend", choices=("portaudio", "null"), help="where the sound goes")
    parser.add_argument("--device", help="audio device, by number or a part of its name")
    parser.add_argument("--seconds", type=float, help="stop after that long")
    add_instrument_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play until told to stop."""
    if not args.sim:
        raise BoardError("no board driver is installed; try --sim, which plays without hardware")
    board = SimBoard(load_performance(args.cv or configs_folder() / DEMO), loop=True)
    config = configuration(args)
    watch = InstrumentWatch(config.model, find_instrument)
    app = build(config, board)
    app.hub.on_first_note(board.unplug)
    stop = _stopping(args.seconds)
    osc = OscServer(app.hub, app.params, config.osc.port, config.osc.lan, _say, watch.select)
    _say(
        f"{app.instrument.card.title} plays the demo until a note arrives: OSC /ddsp/note NOTE VELOCITY "
        f"on port {osc.port}. Ctrl-C ends it."
    )
    looking = _looking(app, watch)
    try:
        _audio(args, config, app).run(app.engine.render, stop)
    except AudioError as error:
        _leave(error)
    finally:
        osc.close()
        looking.close()
        board.close()
    _report(app)
    return 0


def _looking(app: App, watch: InstrumentWatch) -> Regularly:
    """A thread that watches the instrument's file and says what is worth knowing."""
    log = OutsideLog(app.engine.telemetry, _say)

    def look() -> None:
        watch.poll(app.play, _say)
        log.poll(app.instrument.card)

    return Regularly(look, LOOK_EVERY_S)


def _say(text: str) -> None:
    print(text, flush=True)


def _audio(args: argparse.Namespace, config: Config, app: App) -> AudioIO:
    audio = config.audio
    if (args.backend or audio.backend) == "null":
        return NullAudio(audio.period)
    device = int(args.device) if (args.device or "").isdigit() else args.device
    return PortAudio(device or audio.device, audio.period, audio.channels, app.engine.telemetry)


def _stopping(seconds: float | None) -> threading.Event:
    """An event that Ctrl-C, a service manager's SIGTERM or the clock sets."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if seconds is not None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    return stop


def _leave(error: AudioError) -> NoReturn:
    """End at once: an audio library whose server has died may hang in its own clean-up."""
    print(f"ddsp-pi run: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)


def _report(app: App) -> None:
    telemetry = app.engine.telemetry
    print(
        f"{telemetry.blocks} blocks, {telemetry.xruns} xruns, load {telemetry.load:.1%} "
        f"(worst block {telemetry.worst_load:.0%}), peak {telemetry.peak:.2f}"
    )
    for note in notes_on(telemetry, app.instrument.card):
        print(note)
