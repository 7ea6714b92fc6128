"""`sudo ddsp-pi setup`: make this computer a module that plays when it is switched on, or take that back."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ddsp_pi.cli.progress import Progress
from ddsp_pi.config import usual_file
from ddsp_pi.errors import ConfigError
from ddsp_pi.service.doctor import in_words, make_view
from ddsp_pi.service.findings import REBOOT, Check
from ddsp_pi.service.host import Host
from ddsp_pi.service.probes import real_probes
from ddsp_pi.service.setup.applying import Say, Worker
from ddsp_pi.service.setup.board import settle_board
from ddsp_pi.service.setup.bringing import WORKED, Outcome, bring_about, duties, first_look, wanted
from ddsp_pi.service.setup.hands import Hands, need_lasting
from ddsp_pi.service.setup.ledger import Ledger
from ddsp_pi.service.setup.program import bring, own_source
from ddsp_pi.service.setup.sketch import sketch
from ddsp_pi.service.setup.undoing import Undoer, told
from ddsp_pi.service.versions.releases import STEPS
from ddsp_pi.service.view import View, Wish

OPTIONS = ("realtime",)
"""What is done only where it is asked for."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "source",
        metavar="WHEEL",
        nargs="?",
        help="the wheel to install, or a folder of wheels (default: where this ddsp-pi is from)",
    )
    parser.add_argument("--board", metavar="NAME", help="the board that this Pi carries")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; needs no root")
    parser.add_argument("--undo", action="store_true", help="take back everything that setup did")
    parser.add_argument(
        "--everything", action="store_true", help="with --undo: instruments, presets and settings go, too"
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        nargs="+",
        action="extend",
        choices=[check.name for check in WORKED],
        help="only these of the doctor's checks",
    )
    parser.add_argument("--no-start", action="store_true", help="play only from the next start on")
    parser.add_argument(
        "--realtime", action="store_true", help="also what the kernel may do for real time at a price"
    )


def run(args: argparse.Namespace) -> int:
    """Do it, and say what is left: 0 if all that was tried worked."""
    hands = Hands(Host())
    if args.undo or not args.dry_run:
        _need_root()
    if not args.dry_run:
        need_lasting(hands.host)
    if args.undo:
        return _undo(hands, args)
    wish = _wish(hands.host, args)
    options = [name for name in OPTIONS if getattr(args, name)]
    checks = [check for check in wanted(WORKED, options) if not args.only or check.name in args.only]
    return (_dry_run if args.dry_run else _set_up)(hands, args, wish, checks)


def _need_root() -> None:
    if os.geteuid() != 0:
        words = [str(Path(sys.argv[0]).absolute()), *sys.argv[1:]]
        raise ConfigError(f"it changes the system, so run it with sudo: sudo {' '.join(words)}")


def _wish(host: Host, args: argparse.Namespace) -> Wish:
    named = str(Path(args.source).absolute()) if args.source and "://" not in args.source else args.source
    wish = Wish(
        named or own_source(),
        bool(named),
        args.board or "",
        os.environ.get("SUDO_USER", ""),
        not args.no_start,
    )
    asks = input if sys.stdin.isatty() and not args.dry_run else None
    if wish.board or args.only:
        return wish
    return replace(wish, board=settle_board(_look(host, wish, True), asks))


def _look(host: Host, wish: Wish, start: bool) -> View:
    wished = replace(wish, start=wish.start and start)
    return make_view(host, real_probes(), usual_file(), wish.board or None, wished)


def _set_up(hands: Hands, args: argparse.Namespace, wish: Wish, checks: Sequence[Check]) -> int:
    worker = Worker(hands, Ledger(hands.host), _bring, _say)
    outcome = bring_about(checks, partial(_look, hands.host, wish), worker.apply, _say)
    _tell(outcome)
    return int(bool(outcome.failed))


def _bring(hands: Hands, source: str, say: Say) -> None:
    with Progress("installing", STEPS) as progress:
        bring(hands, source, say, progress.advance)


def _tell(outcome: Outcome) -> None:
    if not outcome.done and not outcome.failed:
        _say("nothing to do")
    waiting = [report for report in outcome.left if report.finding.then == REBOOT]
    left = [report for report in outcome.left if report not in waiting]
    if left:
        _say("\nleft for your hands:\n")
        _say(in_words(left))
    if waiting:
        names = ", ".join(report.check.title for report in waiting)
        _say(f"\nfrom the next start on, as 'ddsp-pi doctor' tells then: {names}")
    for failure in outcome.failed:
        _say(f"failed: {failure}")
    if outcome.failed:
        _say("mend that, and run it again: it goes on where it is")
    thens = dict.fromkeys(report.finding.then for report in (*outcome.done, *outcome.left))
    for then in filter(None, thens):
        _say(f"then: {then}")


def _dry_run(hands: Hands, args: argparse.Namespace, wish: Wish, checks: Sequence[Check]) -> int:
    reports = first_look(partial(_look, hands.host, wish), checks)
    mends = [mend for report in reports for mend in duties(report)]
    for line in sketch(hands, mends) or ["nothing to do"]:
        _say(line)
    return 0


def _undo(hands: Hands, args: argparse.Namespace) -> int:
    ledger = Ledger(hands.host)
    if args.dry_run:
        for line in [told(step) for step in reversed(ledger.steps)] or ["nothing to undo"]:
            _say(line)
        return 0
    if not ledger.steps:
        _say("nothing to undo")
    return int(not Undoer(hands, ledger, _say, args.everything).undo())


def _say(line: str) -> None:
    print(line, flush=True)
