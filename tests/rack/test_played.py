from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.played import Played


class Said:
    """A board that says what it is told to, and then nothing."""

    def __init__(self, *events):
        self.waiting = list(events)

    def volts(self, at_ns):
        return (1.0,)

    def events(self, until_ns):
        events, self.waiting = self.waiting, []
        return events


def test_edges_come_later_by_a_constant_and_not_before():
    board = Played(Said(Edge(1, True, 1_000_000), Edge(1, False, 2_500_000)), 2.0)
    assert board.events(3_000_000) == []
    assert board.events(3_000_001) == [Edge(1, True, 3_000_000)]
    assert board.events(9_000_000) == [Edge(1, False, 4_500_000)]
    assert board.events(9_000_001) == []


def test_buttons_do_not_wait():
    press = Press((1,), False, 5)
    assert Played(Said(press, Edge(1, True, 6)), 5.0).events(10) == [press]


def test_without_a_delay_everything_passes_as_it_is():
    edge = Edge(1, True, 5)
    assert Played(Said(edge), 0.0).events(6) == [edge]


def test_volts_are_not_delayed_and_gates_count_as_volts_from_their_time_on():
    board = Played(Said(Edge(2, True, 1_000_000), Edge(4, True, 1_000_000), Edge(4, False, 2_000_000)), 1.0)
    board.events(9_000_000)
    seen = {at_ms: board.volts(at_ms * 1_000_000 + 1) for at_ms in (0, 1, 2, 3)}
    assert {at_ms: volts[0] for at_ms, volts in seen.items()} == dict.fromkeys(range(4), 1.0)
    assert seen[1][1:] == (0.0, 0.0, 0.0, 0.0)
    assert seen[2][1:] == (0.0, 5.0, 0.0, 5.0)
    assert seen[3][1:] == (0.0, 5.0, 0.0, 0.0)
