"""What ddsp-pi should cost on each Pi: instructions that were counted, and a clock that was not ours."""

import json
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.service.checks.codec import KERNELS
from hardware.tables import table

BUDGET = Path(__file__).parents[1] / "tests" / "arm64" / "budget.json"
"""Instructions per block at most, counted on an emulated Cortex-A72."""

PERIOD_S = 128 / 48_000


@dataclass(frozen=True, slots=True)
class Pi:
    """A model. Instructions per cycle are assumed."""

    name: str
    core: str
    ghz: float
    per_cycle: float
    tier: str
    remarks: str


PIS = (
    Pi("4 B", "Cortex-A72", 1.8, 1.2, "emulated", "feed it separately, see Power"),
    Pi(
        "5", "Cortex-A76", 2.4, 2.0, "should work",
        "GPIO through gpiod or rpi-lgpio, as RPi.GPIO does not run there; feed it separately",
    ),
    Pi("3 B+, 3 A+", "Cortex-A53", 1.4, 0.6, "should work", "with the native kernel"),
    Pi("Zero 2 W", "Cortex-A53", 1.0, 0.6, "should work", "with the native kernel; it draws least"),
)  # fmt: skip


def models() -> str:
    """The table of the models."""
    budget = json.loads(BUDGET.read_text("utf-8"))
    rows = [
        (
            f"Pi {pi.name}",
            f"{pi.core}, {pi.ghz} GHz",
            pi.tier,
            *(_share(budget[kernel]["block"], pi) for kernel in ("native", "numpy")),
            pi.remarks,
        )
        for pi in PIS
    ]
    old = "Pi 1, Zero, Zero W, 2 before v1.2"
    rows.append((old, "32-bit", "no", "–", "–", "no onnxruntime or numpy for them"))
    head = "model | core | tier | native, of a core | numpy, of a core | remarks"
    return table(head, rows, right=(3, 4))


def kernels() -> str:
    """Kernels that have faults, as the doctor knows them."""
    return "\n".join(f"- {row.codec}: {row.said}" for row in KERNELS)


def _share(instructions: int, pi: Pi) -> str:
    return f"{100 * instructions / (pi.per_cycle * pi.ghz * 1e9) / PERIOD_S:.0f} %"
