from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp_pi.rack.edges import Edges
from ddsp_pi.rack.pins import Change

LINE = "gate_in_1"


def test_edges_that_find_their_level_are_told_as_they_are():
    edges = Edges()
    assert edges.edge(LINE, True, 10) == [Change(LINE, True, 10)]
    assert edges.overdue(20) == []
    assert edges.edge(LINE, False, 30) == [Change(LINE, False, 30)]
    assert edges.overdue(40) == []


def test_a_pulse_is_told_even_if_its_level_is_gone_when_it_is_read():
    edges = Edges()
    assert edges.edge(LINE, False, 10) == [Change(LINE, True, 10)]
    assert edges.edge(LINE, False, 12) == [Change(LINE, False, 12)]
    assert edges.overdue(20) == edges.overdue(30) == []


def test_a_pulse_whose_end_is_never_told_ends_yet():
    edges = Edges()
    assert edges.edge(LINE, False, 10) == [Change(LINE, True, 10)]
    assert edges.overdue(20) == []
    assert edges.overdue(30) == [Change(LINE, False, 30)]
    assert edges.overdue(40) == []


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
    assert edges.overdue(30) == edges.overdue(40) == []
    assert edges.edge(LINE, False, 50) == [Change(LINE, False, 50)]


def test_the_end_of_a_pulse_that_comes_after_it_was_given_up_is_not_told_again():
    edges = Edges()
    edges.edge(LINE, False, 10)
    edges.overdue(20)
    assert edges.overdue(30) == [Change(LINE, False, 30)]
    assert edges.edge(LINE, False, 12) == []
    assert edges.overdue(40) == edges.overdue(50) == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=40))
def test_a_line_ends_as_it_is_whatever_was_missed(bursts):
    """Of each burst of edges one or two are reported, the last of them with the level after it."""
    edges, active, told = Edges(), False, []
    for at_ns, (length, twice) in enumerate(bursts):
        active ^= length % 2 == 1
        for _ in range(1 + (twice and length > 1)):
            told += edges.edge(LINE, active, at_ns)
        told += edges.overdue(at_ns)
    told += edges.overdue(len(bursts)) + edges.overdue(len(bursts) + 1)
    levels = [change.active for change in told]
    assert levels == [i % 2 == 0 for i in range(len(levels))]
    assert (levels[-1] if levels else False) == active
    assert all(a.at_ns <= b.at_ns for a, b in pairwise(told))
