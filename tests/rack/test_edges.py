from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.rack.edges import Edges
from ddsp_pi.rack.pins import Change

LINE = "gate_in_1"
MS = 1_000_000


def test_edges_that_find_their_level_are_told_as_they_are():
    edges = Edges()
    assert edges.edge(LINE, True, 10) == [Change(LINE, True, 10)]
    assert edges.edge(LINE, False, 30) == [Change(LINE, False, 30)]


def test_a_pulse_is_told_even_if_it_is_over_when_its_level_is_read():
    edges = Edges()
    assert edges.edge(LINE, False, 10) == [Change(LINE, True, 10), Change(LINE, False, 10)]
    assert edges.edge(LINE, True, 40) == [Change(LINE, True, 40)]


def test_the_second_edge_of_such_a_pulse_is_not_told_as_another():
    edges, told = Edges(), []
    for at_ns in (0, 30_000, 2 * MS, 2 * MS + 30_000):
        told += edges.edge(LINE, False, at_ns)
    assert [(change.active, change.at_ns) for change in told] == [
        (True, 0),
        (False, 0),
        (True, 2 * MS),
        (False, 2 * MS),
    ]


def test_a_gap_is_told_like_a_pulse():
    edges = Edges()
    edges.edge(LINE, True, 10)
    assert edges.edge(LINE, True, 20) == [Change(LINE, False, 20), Change(LINE, True, 20)]


def test_a_level_is_told_if_it_is_news():
    edges = Edges()
    assert edges.level(LINE, False, 10) == []
    assert edges.level(LINE, True, 20) == [Change(LINE, True, 20)]
    assert edges.level(LINE, True, 30) == []


def test_times_of_a_line_never_go_back():
    edges = Edges()
    edges.level(LINE, True, 20)
    assert edges.edge(LINE, False, 19) == [Change(LINE, False, 20)]


def test_an_edge_that_the_level_read_after_it_knows_of_is_not_told_again():
    edges = Edges()
    assert edges.level(LINE, True, 20) == [Change(LINE, True, 20)]
    assert edges.edge(LINE, True, 19) == []
    assert edges.edge(LINE, False, 50) == [Change(LINE, False, 50)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=40))
def test_a_line_ends_as_it_is_and_moves_in_every_burst(bursts):
    """Of each burst of edges one or two are reported, with the level after all of them."""
    edges, active, told = Edges(), False, []
    for i, (length, twice) in enumerate(bursts):
        active ^= length % 2 == 1
        for late_ns in range(1 + (twice and length > 1)):
            told += edges.edge(LINE, active, 5 * MS * i + late_ns)
        assert told[-1].active == active
        assert 0 <= told[-1].at_ns - 5 * MS * i <= 1
    levels = [change.active for change in told]
    assert levels == [i % 2 == 0 for i in range(len(levels))]
    assert all(a.at_ns <= b.at_ns for a, b in pairwise(told))
