"""`ddsp-pi bench`: what a block costs here, stage by stage."""

import argparse

import msgspec

from ddsp_pi.bench import Report, measure


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--model", default="violin", help="instrument, by name or as a file")
    parser.add_argument("--blocks", type=int, default=2000, help="blocks to time (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    report = measure(args.model, max(args.blocks, 10))
    print(msgspec.json.encode(report).decode() if args.json else _table(report))
    return 0


def _table(report: Report) -> str:
    lines = [f"{'stage':24}{'median µs':>12}{'p99.9 µs':>12}"]
    lines += [f"{name:24}{cost.median_us:12.1f}{cost.p999_us:12.1f}" for name, cost in report.stages.items()]
    return "\n".join(
        [
            *lines,
            f"{report.model}: {report.real_time_factor:.0f} x real time, {report.load:.1%} of one core, "
            f"{report.memory_mb:.0f} MB resident",
            f"{report.times_faster_than_reference:.1f} x faster than the reference in the same run "
            "(a 512-wide decoder with a float64 sine sum)",
        ]
    )
