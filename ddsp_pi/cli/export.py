"""`ddsp-pi export`: a trained run as one instrument file."""

import argparse
from pathlib import Path

from ddsp_pi.cli import train_drums
from ddsp_pi.cli.train import print_figures
from ddsp_pi.train.mapper_run import is_drum_run, open_drum_run
from ddsp_pi.train.run import open_run


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a training run")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="ONNX", help="the instrument file"
    )


def run(args: argparse.Namespace) -> int:
    """Write the instrument; refuses when it would not play what torch plays."""
    if is_drum_run(args.run):
        mapping = open_drum_run(args.run)
        train_drums.publish(mapping, mapping.trained(), args.output)
        return 0
    training = open_run(args.run)
    instrument, _ = training.export(training.trained(), args.output)
    print_figures(instrument.card.metrics)
    print(f"{args.output}: {args.output.stat().st_size / 1000:.0f} kB")
    return 0
