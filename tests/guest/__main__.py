"""`make guest`: a Debian with a kernel of its own, a simulated panel in it, and the tests that need both.

The guest is an emulated PC, so neither KVM nor any hardware is needed. Its kernel has an SPI bus with an
MCP3208 on it, GPIO lines (gpio-sim) and a sound card whose other end can be recorded (snd-aloop); systemd
starts the project there as on a Pi. What the tests left, recordings and journal, is in build/guest/results.

On two cores, half busy with other work, it took 9 minutes from nothing: 2 to make the guest, which
is kept in build/guest (3 GB), and 7 to run everything in it; that is 6.5 minutes of one core's time. Some of
the tests (`--only run --tests lines`) take 2 to 3 minutes, of which starting the guest is 1.
"""

import argparse
import sys
from collections.abc import Callable

from tests.arm64.host import install_missing
from tests.arm64.project import HOUSE
from tests.arm64.shell import Shell, StepError, step_parser, walk
from tests.guest import host, modules, project, report
from tests.guest.kept import Kept
from tests.guest.machine import Machine
from tests.guest.root import Root

WORK = HOUSE / "build/guest"
STEPS = ("host", "root", "modules", "needs", "disk", "run")


def main() -> int:
    """Exit code: 0 done, 1 a step failed."""
    args, refusal = _arguments(), host.refusal()
    if refusal:
        print(f"guest: {refusal}")
        return 1
    shell, kept = Shell(WORK / "log.txt"), Kept(WORK)
    root = Root(WORK, shell, kept)
    machine = Machine(WORK, root, shell, kept)
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "host": ("looking for debootstrap and qemu", lambda: install_missing(shell, host.PACKAGES)),
        "root": (f"a Debian, kept in {root.path.relative_to(HOUSE)}", root.make),
        "modules": ("kernel modules of the panel", lambda: modules.build(root, kept)),
        "needs": ("what ddsp-pi needs", lambda: project.install_needs(root, kept)),
        "disk": ("the guest's disk", machine.make),
        "run": ("running the tests in the guest", lambda: _run(root, machine, shell, args.tests)),
    }
    return 0 if walk(steps, args.only, shell.log, title="guest") else 1


def _run(root: Root, machine: Machine, shell: Shell, chosen: str) -> None:
    project.pack(root, shell, chosen)
    machine.run()
    results = report.load(machine.results / "tests.xml")
    print(report.table(results), flush=True)
    wrong = report.complaints(results)
    if wrong:
        raise StepError("\n\n".join([f"{len(wrong)} of {len(results)} tests did not pass", *wrong]))


def _arguments() -> argparse.Namespace:
    parser = step_parser("guest", __doc__, STEPS)
    parser.add_argument("--tests", default="", metavar="EXPRESSION", help="only these, as pytest's -k has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
