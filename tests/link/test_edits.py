import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.errors import LinkError
from ddsp_pi.frame import Edge, Note
from ddsp_pi.link.edits import Outbox, Panic, Select, Set, decode, encode, heard, say
from ddsp_pi.link.ring import PAYLOAD, Ring
from ddsp_pi.link.volts import pack_volts, unpack_volts

TIMES = st.integers(0, 2**63 - 1)
NUMBERS = st.floats(allow_nan=False)
EDITS = st.one_of(
    st.builds(Set, st.text(max_size=40), NUMBERS),
    st.builds(Edge, st.integers(1, 4), st.booleans(), TIMES),
    st.builds(Note, NUMBERS, NUMBERS, TIMES),
    st.builds(Select, st.text(max_size=100)),
    st.just(Panic()),
)


def ring(slots: int = 4) -> Ring:
    return Ring(memoryview(bytearray(Ring.size(slots))))


def received(shared: Ring) -> list[object]:
    return [decode(record) for record in shared.drain(1000)]


@given(EDITS)
def test_every_edit_comes_out_as_it_went_in(edit):
    assert decode(encode(edit)) == edit


@pytest.mark.parametrize("record", [b"", b"\x93", encode(Panic())[:-1], b"\x92\xa3Fly\x01"])
def test_what_is_no_edit_is_refused(record):
    with pytest.raises(msgspec.DecodeError):
        decode(record)


def test_an_edit_that_is_too_long_is_refused_even_if_it_would_wait():
    outbox = Outbox(ring(1))
    outbox.send(Panic())
    outbox.send(Set("gain", 1.0))
    with pytest.raises(LinkError, match="Select of 5"):
        outbox.send(Select("x" * 500))
    assert len(outbox) == 1


def test_edits_are_sent_in_order_while_there_is_room():
    shared = ring()
    edits = [Set("gain", 1.0), Edge(1, True, 5), Note(60.0, 1.0, 6), Set("gain", 2.0)]
    outbox = Outbox(shared)
    for edit in edits:
        outbox.send(edit)
    assert received(shared) == edits
    assert len(outbox) == 0


def test_what_found_no_room_is_coalesced_and_sent_later_in_order():
    shared = ring(1)
    outbox = Outbox(shared)
    for edit in [
        Panic(),
        Set("gain", 1.0),
        Edge(1, True, 1),
        Edge(2, True, 2),
        Note(60.0, 1.0, 3),
        Select("a.onnx"),
        Set("gain", 2.0),
        Edge(1, False, 4),
        Select("b.onnx"),
    ]:
        outbox.send(edit)
    got = received(shared)
    while len(outbox):
        outbox.flush()
        got += received(shared)
    assert got == [
        Panic(),
        Edge(2, True, 2),
        Note(60.0, 1.0, 3),
        Set("gain", 2.0),
        Edge(1, False, 4),
        Select("b.onnx"),
    ]


def test_a_new_edit_does_not_overtake_what_is_kept():
    shared = ring(2)
    outbox = Outbox(shared)
    for n in range(3):
        outbox.send(Set(f"knob{n}", 0.0))
    assert received(shared) == [Set("knob0", 0.0), Set("knob1", 0.0)]
    outbox.send(Set("knob3", 0.0))
    assert received(shared) == [Set("knob2", 0.0), Set("knob3", 0.0)]


@given(st.lists(st.tuples(st.sampled_from("abc"), NUMBERS, st.booleans()), max_size=50))
def test_the_last_value_of_every_parameter_always_arrives(steps):
    shared, values = ring(2), {}
    outbox = Outbox(shared)
    for name, value, drained in steps:
        outbox.send(Set(name, value))
        values.update({edit.name: edit.value for edit in received(shared)} if drained else {})
    while len(outbox) or len(shared):
        values.update({edit.name: edit.value for edit in received(shared)})
        outbox.flush()
    assert values == {name: value for name, value, _ in steps}


def test_a_flood_without_a_reader_stays_bounded():
    outbox = Outbox(ring(1))
    for n in range(5000):
        outbox.send(Set(f"knob{n}", 0.0))
    assert len(outbox) == 256
    assert outbox.lost == 5000 - 1 - 256


@given(st.text(max_size=2000))
def test_a_line_for_the_log_is_cut_to_what_fits(text):
    shared = ring()
    assert say(shared, text)
    (line,) = heard(shared)
    assert text.encode("utf-8", "replace").startswith(line.encode())
    assert len(line.encode()) >= min(len(text.encode("utf-8", "replace")), PAYLOAD - 20)


def test_lines_are_heard_in_order_and_refused_when_full():
    shared = ring(2)
    assert [say(shared, text) for text in ("one", "two", "three")] == [True, True, False]
    assert heard(shared) == ["one", "two"]


@given(st.lists(st.floats(), max_size=8))
def test_volts_arrive_to_the_bit(volts):
    back = unpack_volts(pack_volts(volts))
    assert len(back) == len(volts)
    assert all(
        (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
        for a, b in zip(back, volts, strict=True)
    )
