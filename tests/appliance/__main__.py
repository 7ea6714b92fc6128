"""`make appliance`: the module as a musician has it, on a Debian with systemd, whose power is cut at times.

It takes a quarter of an hour, of which updates have the half, and the first run two minutes more: for the
Debian and the wheels, which are kept in build/appliance.
"""

import argparse
import sys
from collections.abc import Callable

from tests.appliance import host
from tests.appliance.scenarios import play
from tests.appliance.workshop import WORKSHOPS
from tests.arm64.host import install_missing
from tests.arm64.project import HOUSE
from tests.arm64.shell import step_parser, walk

STEPS = ("host", "root", "stick", "wheel", "run")


def main() -> int:
    """Exit code: 0 done, 1 a step failed."""
    args, refusal = _arguments(), host.refusal()
    if refusal:
        print(f"appliance: {refusal}")
        return 1
    shop = WORKSHOPS["amd64"]()
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "host": (
            "looking for systemd-nspawn",
            lambda: install_missing(shop.shell, host.PACKAGES),
        ),
        "root": (f"a Debian, kept in {shop.root.path.relative_to(HOUSE)}", shop.root.make),
        "stick": ("a stick with the wheels that ddsp-pi needs", shop.stick.fetch),
        "wheel": ("ddsp-pi's own wheel", shop.stick.build),
        "run": ("machines are booted, used and cut off", lambda: play(shop, args.tests)),
    }
    return 0 if walk(steps, args.only, shop.shell.log, title="appliance") else 1


def _arguments() -> argparse.Namespace:
    parser = step_parser("appliance", __doc__, STEPS)
    parser.add_argument("--tests", default="", metavar="EXPRESSION", help="only these, as pytest's -k has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
