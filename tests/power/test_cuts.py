"""The power goes at any moment of any writing: what is there afterwards is the old or the new, whole."""

import random

import pytest

from tests.power.writers import WRITERS

RANDOM_CUTS = 200


@pytest.mark.parametrize("writer", WRITERS)
def test_at_every_call_and_after_the_last(cutting, writer):
    found = cutting.every(writer)
    assert [each.faults for each in found] == [[]] * len(found)
    # What has been said to be saved is saved, and until shortly before that nothing has changed.
    assert found[0].seen == ["new"]
    assert found[1].seen == ["old"]
    assert len(found) > 3


@pytest.mark.parametrize("part", range(4))
def test_at_random_calls(cutting, part):
    chance, died = random.Random(part), 0
    while died < RANDOM_CUTS // 4:
        writer, call, seed = chance.choice(list(WRITERS)), chance.randint(1, 9), chance.getrandbits(31)
        found = cutting.cut(writer, call, seed)
        assert found.faults == [], (writer, call, seed)
        died += found.died


@pytest.mark.parametrize(
    ("writer", "fault"),
    [
        ("in place", "ConfigError"),
        ("renamed before it is on the disk", "ConfigError"),
        ("the folder forgotten", "neither the old nor the new"),
    ],
)
def test_writers_that_do_it_wrong_are_found_out(cutting, writer, fault):
    faults = [line for seed in range(6) for line in cutting.cut(writer, 0, seed).faults]
    assert any(fault in line for line in faults)


def test_a_cut_in_the_middle_of_writing_in_place_is_found_out(cutting):
    assert any(found.died and found.faults for found in cutting.every("in place"))
