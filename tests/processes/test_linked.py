"""The engine's end of the link."""

import math

import pytest

from ddsp_pi.frame import Edge, Note
from ddsp_pi.link.edits import Configure, Panic, Select, Set, encode
from ddsp_pi.link.shared import create
from ddsp_pi.link.volts import pack_volts
from ddsp_pi.processes.linked import MOST_EDITS, LinkedControls


@pytest.fixture
def link():
    link = create()
    yield link
    link.close()


class Listener(LinkedControls):
    def __init__(self, link):
        super().__init__(link)
        self.acted = []
        self.on(
            lambda *values: self.acted.append(values),
            lambda path: self.acted.append(path),
            lambda: self.acted.append("panic"),
            lambda: self.acted.append("configure"),
        )


def push(link, *edits):
    for edit in edits:
        assert link.edits.push(encode(edit))


def test_events_are_given_in_order_and_once(link):
    controls, said = Listener(link), (Edge(1, True, 5), Note(60.0, 0.5, 6), Edge(1, False, 7))
    push(link, *said)
    assert controls.events(0) == list(said)
    assert list(controls.events(0)) == []


def test_other_edits_are_acted_upon(link):
    controls = Listener(link)
    push(link, Set("noise", 0.5), Edge(1, True, 5), Select("/tmp/a.onnx"), Configure())
    assert controls.events(0) == [Edge(1, True, 5)]
    assert controls.acted == [("noise", 0.5), "/tmp/a.onnx", "configure"]


def test_a_panic_takes_back_what_came_before_it(link):
    controls = Listener(link)
    push(link, Note(60.0, 1.0, 5), Edge(1, True, 5), Panic(), Note(64.0, 1.0, 6))
    assert controls.events(0) == [Note(64.0, 1.0, 6)]
    assert controls.acted == ["panic"]


def test_a_block_takes_no_more_than_it_has_time_for(link):
    controls = Listener(link)
    push(link, *[Note(60.0, 1.0, at) for at in range(MOST_EDITS + 10)])
    assert len(controls.events(0)) == MOST_EDITS
    assert len(controls.events(0)) == 10


def test_rubbish_is_counted_and_what_follows_is_heard(link):
    controls = Listener(link)
    for rubbish in (b"", b"\xc1", b"\x93\xa3Set\x01", b"\x92\xa4Boom\x01"):
        link.edits.push(rubbish)
    push(link, Edge(2, True, 1))
    assert controls.events(0) == [Edge(2, True, 1)]
    assert controls.damaged == 4
    assert controls.acted == []


def test_a_new_engine_does_not_hear_what_was_meant_for_the_last_one(link):
    push(link, Note(60.0, 1.0, 5))
    assert list(Listener(link).events(0)) == []


def test_volts_are_the_newest_and_stay(link):
    controls = Listener(link)
    assert all(map(math.isnan, controls.volts(0)))
    link.frame.write(pack_volts((1.0, 2.0, math.nan, 0.0, 0.0, 0.0)))
    link.frame.write(pack_volts((1.5, 2.0, math.nan, 0.0, 0.0, 0.0)))
    assert controls.volts(0)[:2] == controls.volts(0)[:2] == (1.5, 2.0)
