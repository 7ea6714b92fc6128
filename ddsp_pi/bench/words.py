"""The report as text for a terminal, and as a page of docs."""

import math
from collections.abc import Callable, Iterator

from ddsp_pi.bench import tables
from ddsp_pi.bench.latency import CODEC_MS
from ddsp_pi.bench.report import Histogram, Report
from ddsp_pi.bench.tables import Table

BAR = 40
"""Letters of the longest bar."""

SECTIONS: tuple[tuple[str, str, Callable[[Report], Table]], ...] = (
    (
        "A block, stage by stage",
        "One voice near 220 Hz, 128 samples, pitch and loudness moving in every hop, back to back; µs. "
        "`own time` is the median of the thread's own time, the others are wall time with whatever the "
        "machine did besides. The rest is what of a whole block is no stage: control (clock, link, routing, "
        "envelopes, the mode), and caches that another stage has emptied.",
        tables.stages,
    ),
    (
        "Against the usual way",
        "Same run, taking turns; ratio of own times. At their best: of the least times, as neighbours who "
        "share the caches slow the reference most. Paced: one block per period with sleep in between, as "
        "when playing; wall µs.",
        tables.ratios,
    ),
    ("Voices", "Own time in µs, 128 samples, every voice sounding.", tables.voices),
    ("Voices per core", "A straight line through the whole blocks above.", tables.capacity),
    ("Shorter blocks", "Mean own time of whole blocks as a share of their period.", tables.blocks),
    (
        "Start and memory",
        "A fresh process as `run` starts it, up to the audio device: medians; resident after two seconds of "
        "sound.",
        tables.starts,
    ),
    (
        "From jack to sound",
        "Milliseconds, from the constants that the code uses. A gate's way is constant. Volts wait for the "
        "next reading of the board and the next hop, and arrive over the hop after that. The codec's "
        f"{CODEC_MS:g} ms are assumed: half of the 51 samples that a HiFiBerry's takes there and back.",
        tables.latency,
    ),
)
"""Heading, what it means, and the table below."""


def text(report: Report) -> str:
    """For a terminal."""
    sections = (f"{title}\n{_plain(make(report))}" for title, _, make in SECTIONS)
    return "\n\n".join([_summary(report), *sections, *_histograms(report)]) + "\n"


def markdown(report: Report) -> str:
    """For docs/performance.md."""
    sections = (f"## {title}\n\n{said}\n\n{_marked(make(report))}" for title, said, make in SECTIONS)
    charts = (_indented(chart) for chart in _histograms(report))
    said = "One voice, 128 samples, wall time; bars are logarithmic, so that one late block can be seen."
    head = ("# What it costs", _indented(report.command), _summary(report))
    return "\n\n".join([*head, *sections, "## How long blocks take", said, *charts]) + "\n"


def _summary(report: Report) -> str:
    machine = report.machine
    lines = [
        f"{machine.processor}, {machine.cores} cores, {machine.system}, Python {machine.python}; "
        f"load {machine.load:.1f} when it began.",
        f"{report.model}: {report.hidden} units, {report.n_harmonics} harmonics, {report.n_bands} bands "
        f"of noise. A block of {report.block_samples} samples lasts {report.block_us:.0f} µs.",
        f"Reference: {report.reference}.",
        f"Scheduling when paced: {report.scheduling}.",
        *(f"Not measured: {why}." for why in report.missing),
    ]
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "    " + text.replace("\n", "\n    ")


def _plain(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lefts = [_is_words(column) for column in zip(*table[1:], strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, lefts, strict=True)
        ).rstrip()
        for row in table
    )


def _marked(table: Table) -> str:
    lefts = [_is_words(column) for column in zip(*table[1:], strict=True)]
    rule = ["---" if left else "---:" for left in lefts]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table[0], rule, *table[1:]))


def _is_words(column: tuple[str, ...]) -> bool:
    return not any(cell[:1].isdigit() for cell in column)


def _histograms(report: Report) -> Iterator[str]:
    for kernel in report.kernels:
        yield f"{kernel.name}, back to back\n{_bars(kernel.back_to_back)}"
        yield f"{kernel.name}, one per period\n{_bars(kernel.paced_times)}"


def _bars(histogram: Histogram) -> str:
    most = math.log1p(max(histogram.counts))
    return "\n".join(
        f"{low_us:9.1f} µs {count:7} {'█' * math.ceil(BAR * math.log1p(count) / most)}".rstrip()
        for low_us, count in zip(histogram.low_us, histogram.counts, strict=True)
    )
