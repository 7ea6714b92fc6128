"""`ddsp-pi evaluate`: held-out figures and pictures of a run."""

import argparse
from pathlib import Path

import msgspec

from ddsp_pi.cli.train import print_figures
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train.evaluate import draw, measure
from ddsp_pi.train.run import Run, open_run


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training run")
    parser.add_argument(
        "--model", type=Path, metavar="ONNX", help="instrument to judge (default: the run's own)"
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Let the instrument play the held-out recordings, measure and draw."""
    training = open_run(args.run)
    sounds = training.perform(load_instrument(args.model or _exported(training)))
    figures = measure(sounds)
    picture = args.run / "held-out.png"
    draw(sounds, picture)
    if args.json:
        print(msgspec.json.encode(figures).decode())
        return 0
    print_figures(figures)
    print(f"{picture}: recording, instrument and static baseline side by side")
    return 0


def _exported(training: Run) -> Path:
    path = training.folder / f"{training.plan.origin.name}.onnx"
    if not path.exists():
        training.export(training.trained(), path)
    return path
