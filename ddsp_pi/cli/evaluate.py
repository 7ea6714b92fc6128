"""`ddsp-pi evaluate`: held-out figures and pictures of a run, of an instrument or of a drum mapper."""

import argparse
from pathlib import Path

import msgspec

from ddsp_pi.cli import train_drums
from ddsp_pi.cli.train import print_figures
from ddsp_pi.models.bundle import load_instrument
from ddsp_pi.train.evaluate import draw, measure
from ddsp_pi.train.mapper_run import is_drum_run, open_drum_run
from ddsp_pi.train.run import Run, open_run


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training run")
    parser.add_argument(
        "--model", type=Path, metavar="ONNX", help="instrument to judge (default: the run's own)"
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument(
        "--direct",
        type=int,
        metavar="HITS",
        help="of a drum mapper: turn the knobs for so many held-out hits by themselves, the best there is",
    )
    parser.add_argument(
        "--own-ranges",
        action="store_true",
        help="of a drum mapper: measure every drum by its own softest and hardest hit",
    )


def run(args: argparse.Namespace) -> int:
    """Let the instrument play the held-out recordings, measure and draw."""
    if is_drum_run(args.run):
        return train_drums.evaluate(args, open_drum_run(args.run))
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
