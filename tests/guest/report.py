"""What the guest's tests said, as pytest's own XML has it."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.arm64.shell import StepError

OUTCOMES = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}


@dataclass(frozen=True)
class Result:
    """One test: how it ended, how long it took, and what it said if it did not pass."""

    name: str
    outcome: str
    seconds: float
    said: str
    measured: tuple[str, ...] = ()


def load(path: Path) -> list[Result]:
    """All results of a run.

    Raises:
        StepError: there are none.
    """
    if not path.exists():
        raise StepError(f"the guest's tests did not come to an end: there is no {path}")
    results = [_result(case) for case in ElementTree.parse(path).iter("testcase")]
    if not results:
        raise StepError(f"no test was run: {path}")
    return results


def _result(case: ElementTree.Element) -> Result:
    name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
    measured = tuple(f"{row.get('name')}: {row.get('value')}" for row in case.iter("property"))
    seconds = float(case.get("time", 0))
    for tag, outcome in OUTCOMES.items():
        found = case.find(tag)
        if found is not None:
            return Result(name, outcome, seconds, found.text or found.get("message") or "", measured)
    return Result(name, "passed", seconds, "", measured)


def table(results: list[Result]) -> str:
    """A line for each, and one for each thing that it measured."""
    rows = []
    for result in results:
        rows.append(f"  {result.outcome:<8}{result.seconds:7.1f} s  {result.name}")
        rows += [" " * 21 + row for row in result.measured]
    return "\n".join(rows)


def complaints(results: list[Result]) -> list[str]:
    """What did not pass. A skipped test is none that passed: in the guest everything is there."""
    return [f"{r.outcome} {r.name}\n{r.said}" for r in results if r.outcome != "passed"]
