"""`make appliance`: the module as a musician has it, on a Debian with systemd, whose power is cut at times.

The first run takes two minutes more, for the Debian and the wheels, and keeps them in build/appliance.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable

from tests.appliance import host
from tests.appliance.workshop import WORK, Workshop
from tests.arm64.project import HOUSE
from tests.arm64.shell import StepError, walk
from tests.guest import report

STEPS = ("host", "root", "stick", "wheel", "run")


def main() -> int:
    """Exit code: 0 done, 1 a step failed."""
    args, refusal = _arguments(), host.refusal()
    if refusal:
        print(f"appliance: {refusal}")
        return 1
    shop = Workshop()
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "host": ("looking for debootstrap and systemd-nspawn", lambda: host.prepare(shop.shell)),
        "root": (f"a Debian, kept in {shop.root.path.relative_to(HOUSE)}", shop.root.make),
        "stick": ("a stick with the wheels that ddsp-pi needs", shop.stick.fetch),
        "wheel": ("ddsp-pi's own wheel", shop.stick.build),
        "run": ("machines are booted, used and cut off", lambda: _run(args.tests)),
    }
    wanted = [name for name in STEPS if name in (args.only or STEPS)]
    return 0 if walk(steps, wanted, shop.shell.log, title="appliance") else 1


def _run(chosen: str) -> None:
    """From outside the machines, in a process of pytest's own."""
    found = WORK / "results/tests.xml"
    found.unlink(missing_ok=True)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        f"--junit-xml={found}",
        "-k",
        chosen,
    ]
    subprocess.run([*words, "tests/appliance"], cwd=HOUSE, env=os.environ | {"DDSP_PI_MACHINES": "1"})
    results = report.load(found)
    print(report.table(results), flush=True)
    wrong = report.complaints(results)
    if wrong:
        raise StepError("\n\n".join([f"{len(wrong)} of {len(results)} tests did not pass", *wrong]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.appliance", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=STEPS)
    parser.add_argument("--tests", default="", metavar="EXPRESSION", help="only these, as pytest's -k has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
