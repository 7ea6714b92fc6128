from ddsp_pi.frame import Edge
from ddsp_pi.rack.board import Press
from ddsp_pi.rack.gate_delay import DelayedGates


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
    board = DelayedGates(Said(Edge(1, True, 1_000_000), Edge(1, False, 2_500_000)), 2.0)
    assert board.events(3_000_000) == []
    assert board.events(3_000_001) == [Edge(1, True, 3_000_000)]
    assert board.events(9_000_000) == [Edge(1, False, 4_500_000)]
    assert board.events(9_000_001) == []


def test_buttons_do_not_wait():
    press = Press((1,), False, 5)
    assert DelayedGates(Said(press, Edge(1, True, 6)), 5.0).events(10) == [press]


def test_without_a_delay_everything_passes_as_it_is():
    edge = Edge(1, True, 5)
    assert DelayedGates(Said(edge), 0.0).events(6) == [edge]


def test_volts_are_not_delayed():
    assert DelayedGates(Said(), 5.0).volts(0) == (1.0,)
