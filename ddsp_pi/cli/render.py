"""`ddsp-pi render`: the live engine on files."""

import argparse
import sys
import threading
import time
from pathlib import Path

import numpy as np

from ddsp_pi.app import App, build
from ddsp_pi.cli.arguments import add_instrument_arguments, configuration
from ddsp_pi.cli.progress import Progress
from ddsp_pi.engine.audio import WavAudio
from ddsp_pi.engine.remarks import notes_on
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.rack.performance import Performance, load_performance
from ddsp_pi.rack.sim import SimBoard

BLOCK = 16 * HOP
"""Samples per block: any number of whole hops sounds the same, and fewer, larger blocks render faster."""

TAIL_S = 1.0
"""Rendered after the performance ends, for the last release."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--cv", type=Path, required=True, metavar="CSV", help="the performance to play")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="WAV", help="where the sound goes"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="PNG", help="draw cables, pitch, loudness and spectrogram"
    )
    parser.add_argument(
        "--block", type=int, default=BLOCK, help="samples per block (1..65536, default %(default)s)"
    )
    add_instrument_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Render a performance and say what was made."""
    if not 1 <= args.block <= 65_536:
        raise ConfigError(f"--block {args.block}: give 1 to 65536 samples")
    performance = load_performance(args.cv)
    app = build(configuration(args), SimBoard(performance))
    samples = round((performance.length_ns / 1e9 + TAIL_S) * SAMPLE_RATE)
    begun = time.perf_counter()
    with Progress("render", samples) as progress:
        WavAudio(args.output, samples, args.block, progress.advance).run(app.engine.render, threading.Event())
    seconds = time.perf_counter() - begun
    _report(args, app, performance, samples, seconds)
    if args.plot:
        _plot(args, app, performance)
    return 0


def _report(
    args: argparse.Namespace, app: App, performance: Performance, samples: int, seconds: float
) -> None:
    notes = sum(edge.high for edge in performance.edges)
    length = samples / SAMPLE_RATE
    peak_db = 20.0 * np.log10(max(app.engine.telemetry.peak, 1e-6))
    print(
        f"{args.output}: {length:.1f} s of {app.instrument.card.title}, {notes} notes, "
        f"peak {peak_db:.1f} dBFS, {length / seconds:.0f} x real time"
    )
    for note in notes_on(app.engine.telemetry, app.instrument.card):
        print(note)
    if app.engine.telemetry.rejected_samples:
        print(
            f"{app.engine.telemetry.rejected_samples} samples were not finite: silenced",
            file=sys.stderr,
        )


def _plot(args: argparse.Namespace, app: App, performance: Performance) -> None:
    from ddsp_pi.pictures import draw_performance, read_wav

    args.plot.parent.mkdir(parents=True, exist_ok=True)
    title = f"{args.cv.stem} played by {app.instrument.card.title}"
    draw_performance(performance, read_wav(args.output), title, args.plot)
    print(f"{args.plot}: cables, pitch, loudness and spectrogram")
