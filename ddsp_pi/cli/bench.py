"""`ddsp-pi bench`: what a block costs here, stage by stage."""

import argparse

import msgspec

from ddsp_pi.bench import words
from ddsp_pi.bench.measure import QUICK, THOROUGH, Reference, measure, turns
from ddsp_pi.bench.standin import IN_WORDS, NumpyReference
from ddsp_pi.cli.progress import Progress
from ddsp_pi.config import load_config


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--model", default="violin", help="instrument, by name or as a file")
    parser.add_argument(
        "--quick", action="store_true", help="in ten seconds instead of a minute, less exactly"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="all figures as JSON")
    shown.add_argument("--markdown", action="store_true", help="as the page docs/performance.md")


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    config = msgspec.structs.replace(load_config(), model=args.model)
    plan = QUICK if args.quick else THOROUGH
    with Progress("bench", turns(plan)) as progress:
        report = measure(config, plan, _reference, _command(args), progress.advance)
    said = words.markdown if args.markdown else words.text
    print(msgspec.json.encode(report).decode() if args.json else said(report).rstrip())
    return 0


def _reference(n_harmonics: int, n_bands: int) -> Reference:
    """In torch where that is installed, as everybody who plays such a network in full does it."""
    try:
        from ddsp_pi.train import reference
    except ModuleNotFoundError:
        return IN_WORDS, NumpyReference(n_harmonics, n_bands).render
    return reference.IN_WORDS, reference.TorchReference(n_harmonics, n_bands).render


def _command(args: argparse.Namespace) -> str:
    """What gives such figures again."""
    quick = " --quick" if args.quick else ""
    return f"ddsp-pi bench --model {args.model}{quick}{' --markdown' if args.markdown else ''}"
