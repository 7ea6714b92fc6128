"""`ddsp-pi doctor`: what is wrong with this system, why it matters, and what mends it."""

import argparse
import json

from ddsp_pi.cli.arguments import add_config_argument
from ddsp_pi.service.doctor import as_table, examine, in_words, make_view
from ddsp_pi.service.findings import Status
from ddsp_pi.service.host import Host
from ddsp_pi.service.probes import real_probes


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs: a list with an object for each check")
    how.add_argument("--markdown", action="store_true", help="only say what there is to look at, as a table")
    parser.add_argument("--board", metavar="NAME", help="the board it should be (default: rack.board)")
    add_config_argument(parser, "settings to look at")


def run(args: argparse.Namespace) -> int:
    """Look, and say what was found: 0 if nothing is at fault."""
    if args.markdown:
        print(as_table(), end="")
        return 0
    reports = examine(make_view(Host(), real_probes(), args.config, args.board))
    if args.json:
        print(json.dumps([report.plain for report in reports], ensure_ascii=False, indent=2))
    else:
        print(in_words(reports))
    return int(any(report.finding.status == Status.FAULT for report in reports))
