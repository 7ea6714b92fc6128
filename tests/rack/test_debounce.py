from collections import defaultdict
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_pi.rack.debounce import Debounce
from ddsp_pi.rack.pins import Change

US = 1_000
MS = 1_000_000
HOLD = 500 * US
LATER = 10**12

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that is busy with other things makes nothing wrong."""


def line(*times_us, name="gate_in_1"):
    """A line that changes at these times, active first."""
    return [Change(name, i % 2 == 0, at * US) for i, at in enumerate(times_us)]


def said(changes, until_ns=LATER):
    return [(change.active, change.at_ns / US) for change in Debounce(HOLD).take(changes, until_ns)]


def test_a_pulse_of_a_millisecond_passes_whole():
    assert said(line(10, 1010)) == [(True, 10), (False, 1010)]


def test_the_first_edge_counts_at_once():
    assert said(line(10, 11, 12), until_ns=12 * US) == [(True, 10)]


def test_bouncing_is_not_told():
    assert said(line(10, 60, 90, 140, 300)) == [(True, 10)]
    assert said(line(10, 60, 90, 2000, 2100, 2200)) == [(True, 10), (False, 2000)]


def test_what_it_settled_at_is_told_when_its_time_is_over_with_the_time_of_its_edge():
    debounce = Debounce(HOLD)
    assert debounce.take(line(10, 210), 509 * US) == line(10)
    assert debounce.take([], 510 * US) == line(10, 210)[1:]
    assert debounce.take([], LATER) == []


def test_the_last_of_an_edge_that_settled_late_bounces_too():
    assert said(line(10, 410, 610, 700)) == [(True, 10), (False, 410)]


def test_a_line_that_says_what_it_is_already_says_nothing():
    resting = [Change("gate_in_1", False, 5 * US), *line(10), Change("gate_in_1", True, 9000 * US)]
    assert Debounce(HOLD).take(resting, LATER) == line(10)


def test_lines_do_not_disturb_each_other():
    one, other = line(10, 1010), line(20, 30, 40, name="gate_in_2")
    mixed = sorted(one + other, key=lambda change: change.at_ns)
    assert Debounce(HOLD).take(mixed, LATER) == [one[0], other[0], one[1]]


@st.composite
def scraping(draw, shortest=0):
    """Edges of some lines in order of time, in the pieces in which they are read."""
    gaps = st.integers(shortest, 3 * HOLD)
    changes, active, at_ns = [], defaultdict(bool), 0
    for name, gap in draw(st.lists(st.tuples(st.sampled_from("abc"), gaps), max_size=30)):
        at_ns, active[name] = at_ns + gap, not active[name]
        changes.append(Change(name, active[name], at_ns))
    cuts = sorted(draw(st.lists(st.integers(0, len(changes)), max_size=4)))
    bounds = [0, *cuts, len(changes)]
    return [changes[a:b] for a, b in pairwise(bounds)]


def passed(pieces):
    """What comes out of each piece; it is read as late as may be, just before the next."""
    debounce, begins = Debounce(HOLD), [piece[0].at_ns if piece else None for piece in pieces]
    for i in range(len(pieces)):
        until_ns = next((at_ns for at_ns in begins[i + 1 :] if at_ns is not None), LATER)
        yield debounce.take(pieces[i], until_ns)


@UNHURRIED
@given(scraping())
def test_whatever_a_line_does(pieces):
    told, done = defaultdict(list), defaultdict(list)
    for taken in passed(pieces):
        assert taken == sorted(taken, key=lambda change: change.at_ns)
        for change in taken:
            told[change.name].append(change)
    for change in (change for piece in pieces for change in piece):
        done[change.name].append(change)

    for name, edges in done.items():
        levels = [change.active for change in told[name]]
        times = [change.at_ns for change in told[name]]
        assert told[name][0] == edges[0]
        assert levels == [i % 2 == 0 for i in range(len(levels))]
        assert levels[-1] == edges[-1].active
        assert set(told[name]) <= set(edges)
        assert times == sorted(times)


@UNHURRIED
@given(scraping())
def test_it_does_not_matter_in_which_pieces_edges_are_read(pieces):
    whole = [[change for piece in pieces for change in piece]]
    piecewise = [change for taken in passed(pieces) for change in taken]
    assert sorted(piecewise, key=lambda c: (c.at_ns, c.name)) == sorted(
        (change for taken in passed(whole) for change in taken), key=lambda c: (c.at_ns, c.name)
    )


@UNHURRIED
@given(scraping(shortest=HOLD))
def test_edges_far_enough_from_each_other_all_pass(pieces):
    assert [change for taken in passed(pieces) for change in taken] == [c for piece in pieces for c in piece]
