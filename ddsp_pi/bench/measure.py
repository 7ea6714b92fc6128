"""Measures everything in one run, all kernels and the reference taking turns."""

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from ddsp_pi.app import ALONE
from ddsp_pi.bench.engines import LiveEngine
from ddsp_pi.bench.latency import budgets
from ddsp_pi.bench.report import Histogram, KernelReport, Line, Machine, Report, Row
from ddsp_pi.bench.stages import ALL_CABLES, BLOCK, CROSS, DRUMS, PARTS_OF_A_BLOCK, STYLE, stages
from ddsp_pi.bench.start import start
from ddsp_pi.bench.timing import Act, Clocks, Work, histogram, pace, scheduled, take_turns
from ddsp_pi.config import Config, load_config
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.models.bundle import Instrument, load_instrument
from ddsp_pi.models.library import find_instrument
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.native.library import choose, kernel
from ddsp_pi.rack.board import N_CVS

Kernel = Literal["numpy", "native"]

KERNELS: tuple[Kernel, ...] = ("numpy", "native")

VOICES = (1, 2, 4, 8)

SHORTER = (64, 32)
"""Samples of the other blocks; HOP is the one whose figures are told."""

LISTENED = {CROSS: "cross", DRUMS: "drums"}
"""Modes that are played by what they hear, by stage."""

REFERENCE_SHARE = 10
"""The reference is far slower than all else, and only its median is told: it is called less often."""

PACED_TURNS = 4


class Plan(NamedTuple):
    """How thoroughly to measure."""

    rounds: int
    """Turns that every stage takes."""
    calls: int
    """Of each stage with one voice, whose rare cases are told; a quarter of it with more voices."""
    paced: int
    """Blocks at the pace of a sound card, per kernel."""
    starts: int
    """Processes that are started, per kernel."""


THOROUGH = Plan(20, 2000, 1200, 3)
QUICK = Plan(3, 60, 100, 1)

Reference = tuple[str, Act]
"""What it is, in words, and a block of it."""


class _Key(NamedTuple):
    """What a Work is about."""

    kernel: str
    stage: str
    voices: int
    samples: int


@dataclass(slots=True)
class _Bench:
    """All work of one run."""

    config: Config
    works: dict[_Key, Work]
    chains: list[list[Work]]
    paced: dict[str, Work]
    engines: list[LiveEngine]
    decoders: dict[str, str]
    missing: list[str]
    instrument: Instrument

    def playing(self, engine: LiveEngine, calls: int) -> Work:
        """So many blocks of an engine, which is kept."""
        self.engines.append(engine)
        return Work(engine.play, calls, engine.move)

    def add(self, works: dict[_Key, Work]) -> None:
        """Works that are to be timed one after the other."""
        self.works |= works
        self.chains.append(list(works.values()))


def turns(plan: Plan) -> int:
    """How often `measure` says that it got on."""
    per_kernel = len(VOICES) * (1 + 3 + len(SHORTER)) + len(LISTENED)
    return plan.rounds * (len(KERNELS) * per_kernel + 1) + len(KERNELS) * (PACED_TURNS + plan.starts)


def measure(
    config: Config,
    plan: Plan,
    reference: Callable[[int, int], Reference],
    command: str,
    advance: Callable[[int], object],
) -> Report:
    """Play held notes on every kernel that there is, and time it.

    Args:
        config: the instrument, and the cables.
        plan: how thoroughly.
        reference: makes the reference for so many harmonics and noise bands.
        command: what was typed, for the report.
        advance: hears how many of `turns` are done.

    Raises:
        DdspPiError: the instrument cannot play.
    """
    begun = time.monotonic()
    machine = _machine()
    bench = _prepared(config, plan)
    card = bench.instrument.card
    words, act = reference(card.n_harmonics, card.n_bands)
    referred = Work(act, plan.calls // REFERENCE_SHARE)
    take_turns([*bench.chains, [referred]], plan.rounds, advance)
    scheduling = _pace(bench, plan, advance)
    clocks = Clocks()
    report = _report(
        bench,
        clocks,
        command=command,
        machine=machine,
        reference=words,
        reference_cost=clocks.cost(referred),
        scheduling=scheduling,
    )
    _close(bench)
    kernels = [_kernel_report(name, bench, report, clocks, plan, advance) for name in bench.decoders]
    return msgspec.structs.replace(report, kernels=kernels, took_s=round(time.monotonic() - begun, 1))


def _report(bench: _Bench, clocks: Clocks, **told: Any) -> Report:
    """What was timed, with what else there is to tell; the kernels are still to come."""
    card = bench.instrument.card
    return Report(
        model=card.name,
        n_harmonics=card.n_harmonics,
        n_bands=card.n_bands,
        hidden=card.hidden,
        block_samples=HOP,
        block_us=HOP * 1e6 / SAMPLE_RATE,
        rows=[Row(*key, clocks.cost(work)) for key, work in bench.works.items()],
        kernels=[],
        missing=bench.missing,
        budgets=budgets(bench.config),
        took_s=0.0,
        **told,
    )


def _prepared(config: Config, plan: Plan) -> _Bench:
    bench = _Bench(config, {}, [], {}, [], {}, [], load_instrument(find_instrument(config.model)))
    for name in KERNELS:
        with choose(name):
            try:
                kernel()
            except ConfigError as error:
                bench.missing.append(str(error))
                continue
            _add_kernel(bench, name, plan)
    return bench


def _add_kernel(bench: _Bench, name: Kernel, plan: Plan) -> None:
    library, struck = WarmLibrary(), load_config(mode="style")
    instrument = library.get(bench.instrument.path)
    bench.decoders[name] = type(instrument.decoder()).__name__
    for voices in VOICES:
        calls = plan.calls if voices == 1 else plan.calls // 4
        bench.add(
            {
                _Key(name, stage, voices, HOP): Work(act, calls, before)
                for stage, act, before in stages(instrument, voices)
            }
        )
        for samples in (HOP, *SHORTER):
            engine = LiveEngine(bench.config, library, voices, samples)
            bench.add({_Key(name, BLOCK, voices, samples): bench.playing(engine, calls)})
        for stage, config in ((ALL_CABLES, bench.config), (STYLE, struck)):
            engine = LiveEngine(config, library, voices, HOP, cables=N_CVS)
            bench.add({_Key(name, stage, voices, HOP): bench.playing(engine, calls)})
    for stage, mode in LISTENED.items():
        usual = load_config(mode=mode)
        config = usual if mode in ALONE else msgspec.structs.replace(usual, model=bench.config.model)
        engine = LiveEngine(config, library, 1, HOP, cables=0)
        bench.add({_Key(name, stage, 1, HOP): bench.playing(engine, plan.calls)})
    bench.paced[name] = bench.playing(LiveEngine(bench.config, library, 1, HOP), plan.paced)


def _pace(bench: _Bench, plan: Plan, advance: Callable[[int], object]) -> str:
    """Returns how the thread was scheduled, in words."""
    with scheduled() as grant:
        for _ in range(PACED_TURNS):
            for work in bench.paced.values():
                pace(work, HOP / SAMPLE_RATE, plan.paced // PACED_TURNS)
                advance(1)
    return grant.said


def _close(bench: _Bench) -> None:
    for engine in bench.engines:
        assert engine.peak > 0.0, "an engine was silent: its figures would mean nothing"
        engine.close()


def _kernel_report(
    name: str, bench: _Bench, report: Report, clocks: Clocks, plan: Plan, advance: Callable[[int], object]
) -> KernelReport:
    block = report.cost(name, BLOCK)
    parts_us = sum(report.cost(name, stage).cpu_us for stage in PARTS_OF_A_BLOCK)
    begun = start(bench.config, name, plan.starts)
    advance(plan.starts)
    return KernelReport(
        name=name,
        decoder=bench.decoders[name],
        line=_line(report, name),
        control_us=round(block.cpu_us - parts_us, 3),
        faster=round(report.reference_cost.cpu_us / block.cpu_us, 3),
        faster_at_best=round(report.reference_cost.cpu_least_us / block.cpu_least_us, 3),
        back_to_back=_times(bench.works[_Key(name, BLOCK, 1, HOP)], clocks),
        paced=clocks.cost(bench.paced[name]),
        paced_times=_times(bench.paced[name], clocks),
        start=begun,
    )


def _times(work: Work, clocks: Clocks) -> Histogram:
    return histogram(clocks.wall_us(work))


def _line(report: Report, name: str) -> Line:
    costs = [report.cost(name, BLOCK, voices).cpu_us for voices in VOICES]
    voice_us, fixed_us = np.polyfit(VOICES, costs, 1)
    return Line(round(float(fixed_us), 3), round(float(voice_us), 3), round(costs[-1] / costs[0], 3))


def _machine() -> Machine:
    return Machine(
        _processor(),
        os.cpu_count() or 1,
        f"{platform.system()} {platform.machine()}",
        platform.python_version(),
        round(os.getloadavg()[0], 2),
    )


def _processor() -> str:
    """Its name, as far as the system says."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    names = dict(_pairs(lines))
    return names.get("model name") or names.get("Model") or platform.processor() or platform.machine()


def _pairs(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()
