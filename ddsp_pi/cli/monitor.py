"""`ddsp-pi monitor`: what jacks, gates and buttons say, and how the engine does."""

import argparse
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ddsp_pi.cli.arguments import add_config_argument
from ddsp_pi.config import Config, load_config, usual_file
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.monitor.daemon import Daemon
from ddsp_pi.monitor.recording import Recording
from ddsp_pi.monitor.screen import form
from ddsp_pi.monitor.source import Source
from ddsp_pi.monitor.view import Viewer
from ddsp_pi.places import data_folder

PATIENCE_S = 1.0
"""How long a daemon may take to answer."""

GLANCE_S = 0.4
"""Within that everything has been said once."""

RATES = {True: 10.0, False: 1.0}
"""Updates per second: on a terminal, where each takes the place of the last, and as lines."""

SLOWEST, FASTEST = 0.01, 50.0

PRESS_SHOWN_S = 2.0
"""How long a button that was pressed stays on the terminal."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    once = parser.add_mutually_exclusive_group()
    once.add_argument("--once", action="store_true", help="show one reading and end")
    once.add_argument(
        "--record",
        type=Path,
        metavar="CSV",
        help="write what comes through the cables into a file that render and run --sim can play",
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for every update")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after that long")
    parser.add_argument(
        "--rate", type=float, help="updates per second (default: 10 on a terminal, 1 as lines)"
    )
    add_config_argument(parser, "the configuration that is played with")


def run(args: argparse.Namespace) -> int:
    """Show what comes until told to stop."""
    rate = RATES[sys.stdout.isatty() and not args.json] if args.rate is None else args.rate
    if not SLOWEST <= rate <= FASTEST:
        raise ConfigError(f"--rate {rate:g}: give {SLOWEST:g} to {FASTEST:g} updates per second")
    config = load_config(args.config or usual_file())
    with closing(_source(config)) as source, _told_to_end():
        show = _shower(source, Viewer(config), args.json)
        if args.once:
            source.listen(time.monotonic() + GLANCE_S)
            show()
        elif args.record is None:
            _watch(source, show, rate, args.seconds)
        else:
            return _record(source, args.record, lambda: _watch(source, show, rate, args.seconds))
    return 0


def _watch(source: Source, show: Callable[[], None], rate: float, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while (now_s := time.monotonic()) < end_s:
        source.listen(min(now_s + 1.0 / rate, end_s))
        show()


def _shower(source: Source, viewer: Viewer, as_json: bool) -> Callable[[], None]:
    put, shown_s = form(as_json), time.monotonic()
    lingers = sys.stdout.isatty() and not as_json

    def show() -> None:
        nonlocal shown_s
        now_s = time.monotonic()
        since_s, shown_s = now_s - PRESS_SHOWN_S if lingers else shown_s, now_s
        put(viewer.view(source.reading, now_s, since_s))

    return show


def _record(source: Source, path: Path, watch: Callable[[], None]) -> int:
    with closing(Recording(path)) as recording:
        source.record(recording)
        with suppress(KeyboardInterrupt):
            watch()
    if recording.rows < 2:
        raise BoardError(f"{path}: nothing was recorded, for no CV jack has said anything")
    jacks = ", ".join(f"CV {jack}" for jack in recording.jacks)
    lost = f", {source.lost} pieces lost" if source.lost else ""
    _say(
        f"{path}: {recording.seconds:.1f} s of {jacks}, {recording.edges} gate edges{lost}; "
        f"play it with: ddsp-pi run --sim --cv {path}"
    )
    return 0


def _source(config: Config) -> Source:
    """The daemon if there is one, or else the board itself.

    Raises:
        BoardError: there is neither.
    """
    daemon = Daemon(config.osc.port)
    if daemon.answers(PATIENCE_S):
        return daemon
    daemon.close()
    from ddsp_pi.monitor.own_board import own_board

    nobody = f"nothing answers on OSC port {config.osc.port}"
    try:
        board = own_board(config, data_folder(), _say)
    except BoardError as error:
        raise BoardError(
            f"{nobody}, and {error}; start 'ddsp-pi run', or 'ddsp-pi run --sim' without hardware"
        ) from error
    _say(f"{nobody}: this is the board itself, and nothing plays")
    return board


def _say(text: str) -> None:
    # Where the readings go, nothing else goes.
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Ctrl-C ends what is inside, and so does SIGTERM."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
