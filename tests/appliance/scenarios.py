"""The scenarios as a process of pytest's own, and what they found."""

import os
import subprocess
import sys

from tests.appliance.workshop import CHOSEN, Workshop
from tests.arm64.project import HOUSE
from tests.arm64.shell import StepError
from tests.guest import report


def play(shop: Workshop, chosen: str) -> None:
    """Do those that pytest's -k finds by `chosen`, on machines of this workshop.

    Raises:
        StepError: one did not pass.
    """
    found = shop.results / "tests.xml"
    found.unlink(missing_ok=True)
    words = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-o", "junit_family=xunit1"]
    words += [f"--junit-xml={found}", "-k", chosen, "tests/appliance"]
    subprocess.run(words, cwd=HOUSE, env=os.environ | {CHOSEN: shop.name})
    results = report.load(found)
    print(report.table(results), flush=True)
    wrong = report.complaints(results)
    if wrong:
        raise StepError("\n\n".join([f"{len(wrong)} of {len(results)} tests did not pass", *wrong]))
