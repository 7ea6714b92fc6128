"""A picture of a calibrated jack: how far it was out of tune, and what is left."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ddsp_pi.rack.calibration import (
    CENTS_PER_VOLT,
    RESIDUAL_LIMIT_CENTS,
    Calibration,
    correction,
    residual_cents,
)


def draw_calibration(calibration: Calibration, title: str, path: Path) -> None:
    """Two panels over the volts at the jack: cents before calibration with the curve, and cents after it."""
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    before, after = figure.subplots(2, 1, sharex=True)
    figure.suptitle(title)
    _draw_before(before, calibration)
    _draw_after(after, calibration)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _draw_before(axes: Any, calibration: Calibration) -> None:
    low, high = calibration.span
    read = np.linspace(low, high, 200)
    volts = np.array([*map(correction(calibration.points), read.tolist())])
    axes.plot(volts, (read - volts) * CENTS_PER_VOLT, color="tab:blue", label="the curve")
    known = [point.volts for point in calibration.points]
    off = [(point.nominal - point.volts) * CENTS_PER_VOLT for point in calibration.points]
    axes.plot(known, off, "o", color="tab:orange", label="measured")
    axes.set(ylabel="as built / cents")
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_after(axes: Any, calibration: Calibration) -> None:
    known, left = [point.volts for point in calibration.points], residual_cents(calibration.points)
    axes.axhspan(-3, 3, color="tab:green", alpha=0.12, label="within 3 cents")
    axes.stem(known, left, linefmt="tab:orange", markerfmt="o", basefmt="grey")
    reach = min(max(4.0, 1.2 * max(map(abs, left))), RESIDUAL_LIMIT_CENTS)
    axes.set(ylim=(-reach, reach), ylabel="calibrated, at the points / cents", xlabel="volts at the jack")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right")
