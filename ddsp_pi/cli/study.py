"""`ddsp-pi study`: trimmings and trainings side by side, in a table and a picture."""

import argparse
from pathlib import Path

from ddsp_pi.train.study import PICTURE, TABLE, draw_study, gather, write_study


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "folders", type=Path, nargs="*", metavar="FOLDER", help="trimmings and training runs to measure"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER", help="points, table and picture"
    )


def run(args: argparse.Namespace) -> int:
    """Measure and draw; without folders, draw again what was measured before."""
    if args.folders:
        args.output.mkdir(parents=True, exist_ok=True)
        write_study(gather(args.folders), args.output)
    else:
        draw_study(args.output)
    print((args.output / TABLE).read_text(), end="")
    print(f"{args.output / PICTURE}: loss against parameters, bytes and time")
    return 0
