"""`ddsp-pi report`: one file for a bug report."""

import argparse
import time
from pathlib import Path

from ddsp_pi.cli.arguments import add_config_argument
from ddsp_pi.files import write_whole
from ddsp_pi.service import report
from ddsp_pi.service.doctor import examine, in_words, make_view
from ddsp_pi.service.host import Host
from ddsp_pi.service.last_minute import SYSTEM_FOLDER, last_minute
from ddsp_pi.service.probes import real_probes


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to write it (default: ddsp-pi-report-DATE.md here); - prints it",
    )
    add_config_argument(parser, "the settings")


def run(args: argparse.Namespace) -> int:
    """Gather everything and write it."""
    host = Host()
    text = report.make_report(_sections(host, args.config), report.own_names(host))
    if str(args.output) == "-":
        print(text, end="")
        return 0
    file = args.output or Path(f"ddsp-pi-report-{time.strftime('%Y-%m-%d-%H%M%S')}.md")
    write_whole(file, text)
    print(f"{file}: names, addresses and passwords were left out; read it all the same before you send it")
    return 0


def _sections(host: Host, config: Path | None) -> list[report.Section]:
    return [
        report.Section("Versions", lambda: report.versions(host)),
        report.Section("Doctor", lambda: in_words(examine(make_view(host, real_probes(), config)))),
        report.Section("Settings", lambda: report.settings(config)),
        report.Section("Service", lambda: report.service(host)),
        report.Section("The last minute", lambda: report.telemetry(last_minute(SYSTEM_FOLDER))),
        report.Section("Journal", lambda: report.journal(host)),
    ]
