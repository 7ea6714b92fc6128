"""The comparison can fail, and the budget that is kept holds what it promises."""

import pytest

from tests.arm64 import budget, count_blocks, counting

COUNTED = {"numpy": {"block": 700_000, "synth": 10_400}, "native": {"block": 150_000}}


def test_what_was_counted_is_within_its_own_budget():
    assert budget.complaints(COUNTED, budget.allow(COUNTED)) == []


@pytest.mark.parametrize(("kernel", "stage"), [("numpy", "synth"), ("native", "block")])
def test_a_twentieth_more_is_too_much(kernel, stage):
    dearer = {**COUNTED, kernel: {**COUNTED[kernel], stage: COUNTED[kernel][stage] * 105 // 100 + 1000}}
    (complaint,) = budget.complaints(dearer, budget.allow(COUNTED))
    assert complaint.startswith(f"{kernel}: {stage}: ")


def test_a_stage_that_is_on_one_side_only_is_named():
    less = {"numpy": COUNTED["numpy"]}
    assert budget.complaints(less, budget.allow(COUNTED)) == [
        "native: block: in the budget, but was not counted"
    ]
    assert budget.complaints(COUNTED, budget.allow(less)) == ["native: block: counted, but not in the budget"]


def test_a_goal_once_reached_is_never_given_up():
    assert budget.allow({"native": {"block": 189_000}}) == {"native": {"block": 190_000}}
    assert budget.allow({"native": {"block": 200_000}}) == {"native": {"block": 206_000}}


def test_it_is_kept_as_it_was_written(tmp_path):
    path = tmp_path / "budget.json"
    assert budget.load(path) == {}
    budget.save(COUNTED, path)
    assert budget.load(path) == COUNTED


def test_the_table_shows_every_stage_and_the_goals():
    lines = budget.table(COUNTED, budget.allow(COUNTED)).splitlines()
    assert lines[1].split() == ["numpy:", "block", "700,000", "721,000", "600,000"]
    assert len(lines) == 4


def test_the_budget_names_what_is_counted():
    kept = budget.load()
    assert list(kept) == list(counting.KERNELS)
    assert all(list(stages) == [*count_blocks.STAGES, *count_blocks.DEAREST] for stages in kept.values())


def test_what_lies_between_stages_is_left_out():
    n = count_blocks.BLOCKS
    counts = [*[5] * n, 99_999, *[7] * n]
    lines = [f'{{"mark": {mark}, "instructions": {count}}}' for mark, count in enumerate(counts, 1)]
    assert list(count_blocks.calls(lines)) == [[5] * n, [7] * n]


def test_the_dearest_call_is_told_beside_the_usual_one(monkeypatch):
    monkeypatch.setattr(count_blocks, "STAGES", {"drums": None})
    counts = [10] * (count_blocks.BLOCKS - 1) + [40]
    lines = [f'{{"instructions": {count}}}' for count in counts]
    assert count_blocks.told(lines) == {"drums": 10, "drums, at a hit": 40}
