"""What the report's figures look like in rows and columns."""

from collections.abc import Iterator

from ddsp_pi.bench.latency import total
from ddsp_pi.bench.report import SHARE, Cost, Report, Stretch
from ddsp_pi.bench.stages import BLOCK

Table = list[tuple[str, ...]]
"""Headings first; all rows are as long."""

COSTS = ("median", "p99", "p99.9", "max", "own time")


def stages(report: Report) -> Table:
    """Every stage at one voice, in µs."""
    rows: Table = [
        (row.kernel, row.stage, *_costs(row.cost), _percent(row.share))
        for row in report.rows
        if row.voices == 1 and row.samples == report.block_samples
    ]
    control: Table = [
        (
            kernel.name,
            "the rest",
            "",
            "",
            "",
            "",
            _us(kernel.control_us),
            _percent(kernel.control_us / report.block_us),
        )
        for kernel in report.kernels
    ]
    reference = (
        "",
        "reference",
        *_costs(report.reference_cost),
        _percent(report.reference_cost.cpu_mean_us / report.block_us),
    )
    head = ("kernel", "stage", *COSTS, "of the period")
    return [head, *sorted(rows + control, key=lambda row: row[0]), reference]


def voices(report: Report) -> Table:
    """Own time of each stage over the number of voices, in µs."""
    numbers = sorted({row.voices for row in report.rows})
    named = dict.fromkeys((row.kernel, row.stage) for row in report.rows if row.voices == numbers[-1])
    return [
        ("kernel", "stage", *(f"{number} voices" if number > 1 else "1 voice" for number in numbers)),
        *(
            (kernel, stage, *(_us(report.cost(kernel, stage, number).cpu_us) for number in numbers))
            for kernel, stage in named
        ),
    ]


def blocks(report: Report) -> Table:
    """Share of the period that whole blocks take."""
    rows = [row for row in report.rows if row.stage == BLOCK]
    numbers = sorted({row.voices for row in rows})
    shares = {(row.kernel, row.samples, row.voices): row.share for row in rows}
    named = dict.fromkeys((row.kernel, row.samples) for row in rows)
    return [
        ("kernel", "samples", *(f"{number} voices" if number > 1 else "1 voice" for number in numbers)),
        *(
            (kernel, str(samples), *(_percent(shares[kernel, samples, number]) for number in numbers))
            for kernel, samples in named
        ),
    ]


def capacity(report: Report) -> Table:
    """Voices per core."""
    head = (
        "kernel",
        "fixed µs",
        "µs per voice",
        f"voices at {SHARE:.0%} of a core",
        "eight voices : one",
        "under 4 : 1",
    )
    return [
        head,
        *(
            (
                kernel.name,
                _us(kernel.line.fixed_us),
                _us(kernel.line.voice_us),
                str(kernel.line.voices),
                f"{kernel.line.eight_to_one:.2f}",
                "yes" if kernel.line.eight_to_one < 4.0 else "no",
            )
            for kernel in report.kernels
        ),
    ]


def ratios(report: Report) -> Table:
    """Against the reference, and at the pace of a sound card."""
    return [
        (
            "kernel",
            "decoder",
            "x reference",
            "at their best",
            "paced median",
            "paced p99",
            "paced p99.9",
            "paced max",
            "p99.9 of the period",
        ),
        *(
            (
                kernel.name,
                kernel.decoder,
                f"{kernel.faster:.1f}",
                f"{kernel.faster_at_best:.1f}",
                *_costs(kernel.paced)[:4],
                _percent(kernel.paced.p999_us / report.block_us),
            )
            for kernel in report.kernels
        ),
    ]


def starts(report: Report) -> Table:
    """Processes."""
    return [
        ("kernel", "Python and imports", "load and warm", "first block after", "resident"),
        *(
            (
                kernel.name,
                f"{kernel.start.imported_s:.2f} s",
                f"{kernel.start.loaded_s:.2f} s",
                f"{kernel.start.first_block_s:.2f} s",
                f"{kernel.start.memory_mb:.0f} MB",
            )
            for kernel in report.kernels
        ),
    ]


def latency(report: Report) -> Table:
    """Stretch by stretch, in ms."""
    return [
        ("from", "through", *(f"period {budget.period}" for budget in report.budgets)),
        *_stretches("gate", [budget.gate for budget in report.budgets]),
        *_stretches("volts", [budget.cv for budget in report.budgets]),
    ]


def _stretches(source: str, budgets: list[list[Stretch]]) -> Iterator[tuple[str, ...]]:
    for stretches in zip(*([*budget, total(budget)] for budget in budgets), strict=True):
        yield source, stretches[0].what, *map(_span, stretches)


def _span(stretch: Stretch) -> str:
    if stretch.least_ms == stretch.most_ms:
        return f"{stretch.most_ms:.2f}"
    return f"{stretch.least_ms:.2f}…{stretch.most_ms:.2f}"


def _costs(cost: Cost) -> tuple[str, ...]:
    return tuple(map(_us, (cost.median_us, cost.p99_us, cost.p999_us, cost.max_us, cost.cpu_us)))


def _us(microseconds: float) -> str:
    return f"{microseconds:.1f}"


def _percent(share: float) -> str:
    return f"{share:.1%}"
