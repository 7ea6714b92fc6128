"""What a block may cost in instructions: kept in budget.json, compared with what was counted."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

BUDGET = Path(__file__).with_name("budget.json")

MARGIN = 1.03
"""Counts repeat to 0.3 %; other versions of the libraries move them a little more."""

GOALS = {("numpy", "block"): 600_000, ("native", "block"): 190_000}
"""What one voice shall cost, 64 wide, 100 harmonics, 65 bands."""

Counts = Mapping[str, Mapping[str, int]]
"""{"numpy" or "native": {stage: instructions per block}}."""


def load(path: Path = BUDGET) -> Counts:
    """What is allowed; nothing if there is no such file."""
    loaded: Counts = json.loads(path.read_text()) if path.exists() else {}
    return loaded


def allow(counted: Counts) -> Counts:
    """The budget for what was counted: a little more, but no more than a goal once that is reached."""
    return {
        kernel: {stage: _allowed(kernel, stage, count) for stage, count in stages.items()}
        for kernel, stages in counted.items()
    }


def _allowed(kernel: str, stage: str, count: int) -> int:
    goal = GOALS.get((kernel, stage), 0)
    more = math.ceil(count * MARGIN / 1000.0) * 1000
    return min(more, goal) if count <= goal else more


def save(budget: Counts, path: Path = BUDGET) -> None:
    """Keep it."""
    path.write_text(json.dumps(budget, indent=2) + "\n")


def complaints(counted: Counts, budget: Counts) -> list[str]:
    """What is over the budget, or in one of the two only."""
    counts, limits = _flat(counted), _flat(budget)
    found = [f"{_name(key)}: in the budget, but was not counted" for key in limits if key not in counts]
    for key, count in counts.items():
        if key not in limits:
            found.append(f"{_name(key)}: counted, but not in the budget")
        elif count > limits[key]:
            found.append(f"{_name(key)}: {count:,} instructions, {limits[key]:,} are allowed")
    return found


def table(counted: Counts, budget: Counts) -> str:
    """Both side by side, a line per stage."""
    limits = _flat(budget)
    rows = [("instructions per block", "counted", "allowed", "goal")]
    for key, count in _flat(counted).items():
        rows.append((_name(key), _cell(count), _cell(limits.get(key)), _cell(GOALS.get(key))))
    return "\n".join(f"{name:<30}{count:>12}{limit:>12}{goal:>12}" for name, count, limit, goal in rows)


def _flat(counts: Counts) -> dict[tuple[str, str], int]:
    return {(kernel, stage): count for kernel, stages in counts.items() for stage, count in stages.items()}


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]}: {key[1]}"


def _cell(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
