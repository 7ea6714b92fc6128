"""`ddsp-pi rollback`: the version before plays again, or one that you name."""

import argparse
from collections.abc import Callable

from ddsp_pi.service.systemd import Systemd
from ddsp_pi.service.versions.module import check_changeable
from ddsp_pi.service.versions.releases import Releases
from ddsp_pi.service.versions.trial import Trial
from ddsp_pi.service.versions.undisturbed import say, undisturbed
from ddsp_pi.service.versions.updates import Updates


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "version",
        nargs="?",
        metavar="VERSION",
        help="one of 'ddsp-pi versions' (default: the one that played before)",
    )


def run(args: argparse.Namespace) -> int:
    """Go back: 1 if that version does not become ready."""
    check_changeable(f"rollback {args.version or ''}".strip())
    with undisturbed():
        return 0 if updates(0.0, lambda seconds: None).rollback(args.version) else 1


def updates(minute_s: float, second: Callable[[int], object]) -> Updates:
    """What changes the version of this module."""
    releases, systemd = Releases(), Systemd()
    return Updates(releases, systemd, Trial(systemd, releases.folder), say, minute_s, second)
