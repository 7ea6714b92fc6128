"""What `ddsp-pi bench` reports; how fast anything is, no test says."""

import itertools
import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ddsp_pi.app import LISTENING
from ddsp_pi.bench import words
from ddsp_pi.bench.engines import HEARD, HITS_PER_S, LiveEngine
from ddsp_pi.bench.latency import PERIODS, budgets, total
from ddsp_pi.bench.measure import LISTENED, SHORTER, VOICES, Plan, measure, turns
from ddsp_pi.bench.report import Line, Report
from ddsp_pi.bench.stages import ALL_CABLES, BLOCK, DECODER, HIGH, HOP_BEGINS, LOW, OUTPUT, STYLE
from ddsp_pi.bench.standin import IN_WORDS, NumpyReference
from ddsp_pi.bench.timing import WARM_CALLS, Clocks, Work, histogram, scheduled, take_turns, turn
from ddsp_pi.cli import bench
from ddsp_pi.config import load_config
from ddsp_pi.dsp.choice import make_synth
from ddsp_pi.dsp.native_synth import NativeSynth
from ddsp_pi.dsp.synthesis import NumpySynth
from ddsp_pi.engine.clock import DelayLocked
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.models.warm import WarmLibrary
from ddsp_pi.native import library
from ddsp_pi.native.library import CHOICE, choose, describe, kernel
from ddsp_pi.rack.board import N_CVS

TINY = Plan(rounds=2, calls=4, paced=4, starts=1)
STAGES = (DECODER, HOP_BEGINS, LOW, HIGH, OUTPUT, BLOCK, ALL_CABLES, STYLE)
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def has_native():
    with choose("native"):
        try:
            return kernel() is not None
        except ConfigError:
            return False


@pytest.fixture(scope="module")
def heard():
    return []


@pytest.fixture(scope="module")
def report(heard):
    def reference(n_harmonics, n_bands):
        return IN_WORDS, NumpyReference(n_harmonics, n_bands).render

    return measure(load_config(), TINY, reference, "ddsp-pi bench", heard.append)


@pytest.fixture
def numpy_alone(monkeypatch):
    """A machine on which the kernel has not been built."""
    monkeypatch.setattr(library, "_load", lambda: "there is no compiler here")
    library._chosen.cache_clear()
    yield
    library._chosen.cache_clear()


def test_every_stage_is_measured_on_every_kernel(report):
    names = [kernel.name for kernel in report.kernels]
    assert names == (["numpy", "native"] if has_native() else ["numpy"])
    assert len(report.missing) == 2 - len(names)
    wanted = {(name, stage, voices, HOP) for name in names for stage in STAGES for voices in VOICES}
    wanted |= {(name, stage, 1, HOP) for name in names for stage in LISTENED}
    wanted |= {(name, BLOCK, voices, size) for name in names for voices in VOICES for size in SHORTER}
    assert {(row.kernel, row.stage, row.voices, row.samples) for row in report.rows} == wanted


def test_costs_are_in_order(report):
    for cost in (*(row.cost for row in report.rows), report.reference_cost):
        assert 0.0 < cost.median_us <= cost.p99_us <= cost.p999_us <= cost.max_us
        assert 0.0 < cost.cpu_least_us <= cost.cpu_us
        assert cost.cpu_least_us <= cost.cpu_mean_us


def test_ratios_are_of_the_run_s_own_figures(report):
    for kernel_report in report.kernels:
        block = report.cost(kernel_report.name, BLOCK)
        assert kernel_report.faster == pytest.approx(report.reference_cost.cpu_us / block.cpu_us, rel=1e-3)
        eight = report.cost(kernel_report.name, BLOCK, 8)
        assert kernel_report.line.eight_to_one == pytest.approx(eight.cpu_us / block.cpu_us, rel=1e-2)


def test_each_kernel_has_its_decoder_its_memory_and_its_times(report):
    decoders = {"numpy": "OnnxDecoder", "native": "NativeDecoder"}
    for kernel_report in report.kernels:
        assert kernel_report.decoder == decoders[kernel_report.name]
        start = kernel_report.start
        assert 10.0 < start.memory_mb < 500.0
        assert 0.0 < start.imported_s < start.imported_s + start.loaded_s < start.first_block_s
        assert sum(kernel_report.back_to_back.counts) == TINY.calls
        assert sum(kernel_report.paced_times.counts) == TINY.paced


def test_progress_arrives_at_its_end(report, heard):
    assert sum(heard) <= turns(TINY)
    if has_native():
        assert sum(heard) == turns(TINY)


def test_json_says_all_of_it(report):
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_text_names_every_stage_and_kernel(report):
    text = words.text(report)
    kernels = (kernel_report.name for kernel_report in report.kernels)
    for word in (*STAGES, *LISTENED, *kernels, report.reference):
        assert word in text
    assert max(map(len, text.splitlines())) < 120


def test_tables_of_the_page_are_whole(report):
    lines = words.markdown(report).splitlines()
    rows = [i for i, line in enumerate(lines) if line.startswith("|")]
    assert rows
    for above, below in itertools.pairwise(rows):
        if below == above + 1:
            assert lines[above].count("|") == lines[below].count("|")


def test_the_page_in_the_docs_has_what_the_command_writes():
    page = PAGE.read_text("utf-8")
    assert page.splitlines()[2].strip() == "ddsp-pi bench --model violin --markdown"
    for title, said, _ in words.SECTIONS:
        assert f"## {title}\n\n{said}\n" in page


def test_latency_is_computed_from_what_the_engine_uses():
    config = load_config()
    for budget in budgets(config):
        period_ms = budget.period * 1e3 / SAMPLE_RATE
        gate = {stretch.what: stretch for stretch in budget.gate}
        delay_ms = DelayLocked(budget.period, now=lambda: 0).delay_ns / 1e6
        assert gate["engine (constant)"].most_ms == pytest.approx(delay_ms, abs=1e-3)
        assert gate["device"].most_ms == pytest.approx(config.audio.latency * period_ms, abs=1e-3)
        assert all(stretch.least_ms == stretch.most_ms for stretch in budget.gate)
        whole = total(budget.cv)
        assert whole.least_ms < whole.most_ms
        assert whole.most_ms == pytest.approx(sum(stretch.most_ms for stretch in budget.cv))


def test_latency_follows_the_setting():
    config = load_config()
    audio = msgspec.structs.replace(config.audio, latency=config.audio.latency + 1.0)
    slower = msgspec.structs.replace(config, audio=audio)
    for period, usual, later in zip(PERIODS, budgets(config), budgets(slower), strict=True):
        more_ms = total(later.gate).most_ms - total(usual.gate).most_ms
        assert more_ms == pytest.approx(period * 1e3 / SAMPLE_RATE, abs=1e-3)


def test_voices_that_fit_into_a_core():
    assert Line(fixed_us=200.0, voice_us=180.0, eight_to_one=3.0).voices == 10
    assert Line(fixed_us=2500.0, voice_us=180.0, eight_to_one=3.0).voices == 0


def test_histograms_hold_every_call_in_its_bin():
    times = np.array([1.0, 1.3, 10.0, 99.0, 5000.0])
    bins = histogram(times)
    assert sum(bins.counts) == len(times)
    edges = [*bins.low_us, bins.low_us[-1] * np.sqrt(2.0)]
    for low, high, count in zip(edges[:-1], edges[1:], bins.counts, strict=True):
        assert ((times >= low * 0.999) & (times < high * 0.999)).sum() == count


def test_works_take_turns():
    order, told = [], []
    a, b, c = (
        Work(lambda name=name: order.append(name), calls) for name, calls in (("a", 4), ("b", 4), ("c", 2))
    )
    take_turns([[a, b], [c]], 2, told.append)
    first, second = ["a", "b"] * (2 + WARM_CALLS), ["c"] * (1 + WARM_CALLS)
    assert order == [*first, *second, *first, *second]
    assert [len(work.wall_ns) for work in (a, b, c)] == [4, 4, 2]
    assert sum(told) == 4


def test_urgency_is_given_back():
    before = os.sched_getscheduler(0)
    with scheduled() as grant:
        assert grant.said
    assert os.sched_getscheduler(0) == before


def test_what_comes_before_a_call_is_not_timed():
    work = Work(lambda: None, 4, before=lambda: sum(range(100_000)))
    turn([work], 4)
    assert Clocks().cost(work).cpu_least_us < 100.0


def test_a_mode_that_listens_is_sung_to():
    live = LiveEngine(load_config(mode="cross"), WarmLibrary(), 1, HOP, cables=0)
    for _ in range(40):
        live.move()
        live.play()
    mode = live.engine.parts.mode
    assert mode.meter.f0_hz == pytest.approx(220.0, rel=0.02)
    assert mode.params.live["model_mix"] == 0.5
    assert live.peak > 0.0
    live.close()


def test_a_drum_is_struck_as_fast_as_anybody_could():
    live = LiveEngine(load_config(mode="drums"), WarmLibrary(), 1, HOP, cables=0)
    for _ in range(2 * round(HOP_RATE)):
        live.move()
        live.play()
    mode = live.engine.parts.mode
    # A second is not cut into whole hops: one hit of it may be cut off.
    assert 2 * HITS_PER_S - 1 <= mode.meter.hit.number <= 2 * HITS_PER_S + 1
    assert mode.outside.sounding
    live.close()


def test_what_a_mode_hears_that_listens_is_there_for_each_of_them():
    assert HEARD.keys() == LISTENING
    assert {*LISTENED.values()} == LISTENING


def test_a_mode_that_is_struck_has_all_its_cables_and_both_banks():
    live = LiveEngine(load_config(mode="style"), WarmLibrary(), 8, HOP, cables=N_CVS)
    for _ in range(40):
        live.move()
        live.play()
    mode = live.engine.parts.mode
    assert mode.params.live["power_chord"] > 0.0
    assert 0.0 < mode.params.live["openness"] < 1.0
    sounding = mode._voices.playing.envelopes.table[:, 0] > 0.0
    assert sounding.sum() == 2 * 8
    assert live.peak > 0.0
    live.close()


@pytest.mark.parametrize("voices", [1, 8])
@pytest.mark.parametrize("samples", [128, 32])
def test_every_voice_of_a_measured_engine_sounds(voices, samples):
    live = LiveEngine(load_config(), WarmLibrary(), voices, samples)
    for _ in range(40):
        live.move()
        live.play()
    envelopes = live.engine.parts.mode._voices.playing.envelopes
    assert all(envelopes.gain(voice) > 0.9 for voice in range(voices))
    assert live.peak > 0.0
    live.close()


def test_a_kernel_can_be_chosen_for_what_is_built(monkeypatch):
    monkeypatch.setenv(CHOICE, "native")
    with choose("numpy"):
        assert isinstance(make_synth(1, 10, 65), NumpySynth)
        assert describe() == "numpy (as chosen)"
        if has_native():
            with choose("native"):
                assert isinstance(make_synth(1, 10, 65), NativeSynth)
        assert isinstance(make_synth(1, 10, 65), NumpySynth)


def test_the_environment_counts_again_after_a_choice_that_failed(monkeypatch):
    monkeypatch.setenv(CHOICE, "numpy")
    with pytest.raises(RuntimeError), choose("native"):
        raise RuntimeError
    assert describe() == "numpy (as chosen)"


def test_a_chosen_kernel_that_is_not_there_is_refused(numpy_alone):
    with choose("native"), pytest.raises(ConfigError, match="no compiler"):
        kernel()


def test_without_torch_the_reference_is_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "ddsp_pi.train.reference", raising=False)
    train = sys.modules.get("ddsp_pi.train")
    if train is not None:
        monkeypatch.delattr(train, "reference", raising=False)
    said, render = bench._reference(20, 65)
    assert said == IN_WORDS
    assert render().shape == (HOP,)


def test_the_reference_in_torch_is_as_wide_and_sounds():
    pytest.importorskip("torch")
    from ddsp_pi.train.reference import TorchReference

    reference = TorchReference(100, 65)
    first, second = np.array(reference.render()), np.array(reference.render())
    assert first.shape == second.shape == (HOP,)
    assert np.isfinite(first).all()
    assert np.abs(second).max() > 0.0
    assert 3.5e6 < reference.n_weights < 4.5e6
