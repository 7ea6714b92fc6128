"""A calibrated jack in a terminal: a table of its points, and what is left of each as a plot."""

from collections.abc import Iterator, Sequence

from ddsp_pi.rack.calibration import CENTS_PER_VOLT, Calibration, Point, residual_cents

HALF = 20
"""Characters on each side of the middle."""


def described(calibration: Calibration) -> str:
    """All lines about a jack."""
    left = residual_cents(calibration.points)
    rows = sorted(zip(calibration.points, left, strict=True), key=lambda row: row[0].volts)
    return "\n".join((*_table(rows), "", *_plot(rows)))


def _table(rows: Sequence[tuple[Point, float]]) -> Iterator[str]:
    yield "   volts      reads   as built   calibrated   noise"
    for point, left in rows:
        as_built, noise = ((v * CENTS_PER_VOLT) for v in (point.nominal - point.volts, point.spread))
        yield f"{point.volts:8.4g} {point.nominal:10.4f} {as_built:+8.1f} ¢ {left:+10.2f} ¢ {noise:5.1f} ¢"


def _plot(rows: Sequence[tuple[Point, float]]) -> Iterator[str]:
    reach = next(r for r in (1, 2, 5, 10, 20) if r >= max(abs(left) for _, left in rows))
    yield f"{'':9}{-reach:<+{HALF}}0{reach:>+{HALF}} cents"
    for point, left in rows:
        line = ["·"] * (2 * HALF + 1)
        line[HALF] = "│"
        line[HALF + round(left / reach * HALF)] = "●"
        yield f"{point.volts:6.4g} V {''.join(line)}"
