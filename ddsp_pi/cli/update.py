"""`ddsp-pi update`: another version plays, if it does so no worse than the one before."""

import argparse

from ddsp_pi.cli.progress import Progress
from ddsp_pi.cli.rollback import updates
from ddsp_pi.service.versions.module import check_changeable
from ddsp_pi.service.versions.releases import STEPS
from ddsp_pi.service.versions.undisturbed import undisturbed
from ddsp_pi.service.versions.updates import MINUTE_S


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "source",
        nargs="?",
        metavar="WHEEL|FOLDER|INDEX",
        help="a wheel, a folder of wheels as on a USB stick, or an index (default: the usual one)",
    )
    parser.add_argument("--minute", type=float, default=MINUTE_S, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Install, try, and keep or go back: 1 if what was asked for does not play in the end."""
    check_changeable(f"update {args.source or ''}".strip())
    seconds = max(1, round(args.minute))
    with (
        undisturbed(),
        Progress("installing", STEPS) as installing,
        Progress("listening", seconds) as listening,
    ):
        kept = updates(args.minute, listening.advance).update(args.source, installing.advance)
    return 0 if kept else 1
