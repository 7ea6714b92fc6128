"""`make arm64`: an aarch64 Debian, the project installed there from scratch, its tests, and the budget."""

import argparse
import sys
from collections.abc import Callable

from tests.arm64 import appliance, budget, counting, host, project
from tests.arm64.project import HOUSE
from tests.arm64.root import Root
from tests.arm64.shell import Shell, StepError, step_parser, walk

WORK = HOUSE / "build/arm64"

STEPS = ("host", "make", "unpack", "install", "test", "count", "appliance")
SCENARIOS = "test_service or test_setup"
"""Of tests/appliance; the others are about systemd and files, which are the same everywhere."""


def main() -> int:
    """Exit code: 0 done, 1 a step failed."""
    args = _arguments()
    shell = Shell(WORK / "log.txt")
    root = Root(WORK, shell)
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "host": ("looking for debootstrap and qemu", lambda: host.prepare(shell)),
        "make": (f"an aarch64 Debian, kept in {root.tarball.relative_to(HOUSE)}", root.make),
        "unpack": ("unpacking it", root.unpack),
        "install": ("installing ddsp-pi from its sources", lambda: project.install(root)),
        "test": ("running the tests there", lambda: project.test(root)),
        "count": ("counting instructions", lambda: _count(root, shell, args.budget)),
        "appliance": ("booting it with systemd, as a module", lambda: appliance.boot(SCENARIOS)),
    }
    return 0 if walk(steps, args.only, shell.log) else 1


def _count(root: Root, shell: Shell, wish: str) -> None:
    counted = counting.count(root, WORK, shell)
    if wish == "write":
        budget.save(budget.allow(counted))
    allowed = budget.load()
    print(budget.table(counted, allowed), flush=True)
    wrong = budget.complaints(counted, allowed)
    if wrong:
        wrong.append("make it cheaper, or say in a commit why it may cost more: make arm64 BUDGET=write")
        raise StepError("\n".join(wrong))


def _arguments() -> argparse.Namespace:
    parser = step_parser("arm64", __doc__, STEPS)
    parser.add_argument("--budget", choices=["check", "write"], default="check")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
