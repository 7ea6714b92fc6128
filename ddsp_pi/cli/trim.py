"""`ddsp-pi trim`: a wide run in, narrow instruments out."""

import argparse
from pathlib import Path

from ddsp_pi.errors import RunError
from ddsp_pi.train.rounds import CHOICES, Point, begin_trimming, halvings
from ddsp_pi.train.run import open_run
from ddsp_pi.train.trim import Surgery


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    defaults = Surgery()
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished training run")
    parser.add_argument(
        "--to", type=int, required=True, metavar="WIDTH", help="as few parameters as a decoder this wide"
    )
    parser.add_argument(
        "--via", type=_widths, metavar="W,W,…", help="widths on the way (default: halve each time)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="default: RUN/trim")
    parser.add_argument("--criterion", choices=CHOICES, default=defaults.criterion, help="who leaves first")
    parser.add_argument("--no-repair", action="store_true", help="let nobody stand in for those who leave")
    parser.add_argument("--rewind", action="store_true", help="weights go back to what they were early on")
    parser.add_argument(
        "--distil", type=float, default=defaults.distil, metavar="WEIGHT", help="stay near the teacher"
    )
    parser.add_argument("--teacher-steps", type=int, default=defaults.teacher_steps, metavar="N")
    parser.add_argument("--steps", type=int, default=defaults.finetune_steps, metavar="N", help="per round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    parser.add_argument("--save-every", type=float, default=20.0, metavar="SECONDS")


def run(args: argparse.Namespace) -> int:
    """Trim, train on, export and judge, round by round."""
    trained = open_run(args.run)
    trained.use_threads(args.threads)
    start = trained.plan.settings.hidden
    if not 2 <= args.to < start:
        raise RunError(f"--to {args.to}: {args.run} is {start} wide; give a width from 2 to {start - 1}")
    widths = (*args.via, args.to) if args.via else halvings(start, args.to)
    surgery = Surgery(
        criterion=args.criterion,
        repair=not args.no_repair,
        rewind=args.rewind,
        distil=args.distil,
        teacher_steps=args.teacher_steps,
        finetune_steps=args.steps,
        seed=args.seed,
    )
    trimming = begin_trimming(trained, args.output or args.run / "trim", widths, surgery)
    for point in trimming.points(args.save_every):
        print(_line(point), flush=True)
    print(f"{trimming.folder}: {trimming.path(args.to).name} and those on the way, curve.json")
    return 0


def _line(point: Point) -> str:
    return (
        f"width {point.width:4}: {point.parameters:8} parameters, {point.bytes / 1000:6.0f} kB, "
        "held-out loss {loss:.3f} (static {loss_static:.3f}, oracle {loss_oracle:.3f}), "
        "pitch within 20 cents {pitch_within_20_cents:.1%}".format(**point.metrics)
    )


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give widths like 256,128,64") from None
