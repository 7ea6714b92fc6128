import struct
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.errors import LinkError
from ddsp_pi.link.ring import PAYLOAD, Ring

SLOTS = 4


@pytest.fixture
def memory():
    return bytearray(Ring.size(SLOTS))


def ring(memory: bytearray) -> Ring:
    return Ring(memoryview(memory))


@given(st.lists(st.none() | st.binary(max_size=PAYLOAD), max_size=60))
def test_it_is_a_bounded_queue(steps):
    """Each step pushes its bytes, or pops where it has none; a plain deque is the oracle."""
    memory = bytearray(Ring.size(SLOTS))
    producer, consumer, waiting = ring(memory), ring(memory), deque()
    for payload in steps:
        if payload is None:
            assert consumer.pop() == (waiting.popleft() if waiting else None)
            continue
        fits = len(waiting) < SLOTS
        assert producer.push(payload) is fits
        if fits:
            waiting.append(payload)
        assert len(producer) == len(consumer) == len(waiting)
    assert list(consumer.drain(100)) == list(waiting)
    assert consumer.damaged == 0


def test_a_full_ring_refuses_and_changes_nothing(memory):
    producer = ring(memory)
    assert [producer.push(bytes([n])) for n in range(SLOTS + 2)] == [True] * SLOTS + [False] * 2
    assert list(ring(memory).drain(100)) == [bytes([n]) for n in range(SLOTS)]


def test_it_wraps_many_times(memory):
    producer, consumer = ring(memory), ring(memory)
    for n in range(10 * SLOTS + 1):
        assert producer.push(b"%d" % n)
        assert consumer.pop() == b"%d" % n


def test_draining_keeps_to_its_limit(memory):
    shared = ring(memory)
    for n in range(SLOTS):
        shared.push(bytes([n]))
    assert list(shared.drain(3)) == [b"\0", b"\1", b"\2"]
    assert list(shared.drain(3)) == [b"\3"]


def test_what_is_too_long_is_refused(memory):
    with pytest.raises(LinkError, match=r"481 bytes.*480 fit"):
        ring(memory).push(bytes(PAYLOAD + 1))
    assert len(ring(memory)) == 0


def test_processes_that_come_later_go_on_where_the_old_ones_were(memory):
    ring(memory).push(b"one")
    ring(memory).push(b"two")
    assert ring(memory).pop() == b"one"
    assert ring(memory).pop() == b"two"


def test_a_producer_that_died_inside_a_push_leaves_nothing(memory):
    producer = ring(memory)
    producer.push(b"whole")
    memory[128 + 488 : 128 + 488 + 20] = b"half of a record ..."
    assert list(ring(memory).drain(100)) == [b"whole"]
    ring(memory).push(b"next")
    assert list(ring(memory).drain(100)) == [b"next"]


def test_a_new_consumer_may_forget_what_was_meant_for_the_old_one(memory):
    producer, consumer = ring(memory), ring(memory)
    producer.push(b"old")
    consumer.clear()
    producer.push(b"new")
    assert list(consumer.drain(100)) == [b"new"]


@pytest.mark.parametrize("place", range(8 + 4), ids="byte {}".format)
def test_a_damaged_record_is_skipped_and_counted(memory, place):
    shared = ring(memory)
    shared.push(b"evil")
    shared.push(b"good")
    memory[128 + place] ^= 0x81
    assert [shared.pop() for _ in range(4)] == [None, None, b"good", None]
    assert shared.damaged == 1


def test_a_record_that_arrives_after_its_number_is_read_by_the_next_pop(memory):
    shared = ring(memory)
    for lap in (b"first", b"again"):
        before = bytes(memory[128:])
        shared.push(lap)
        arrived = bytes(memory[128:])
        memory[128:] = before
        assert shared.pop() is None
        memory[128:] = arrived
        assert shared.pop() == lap
        for _ in range(SLOTS - 1):
            shared.push(lap)
            shared.pop()
    assert shared.damaged == 0


@pytest.mark.parametrize(("head", "tail"), [(2**63, 0), (0, 5), (SLOTS + 1, 0)])
def test_impossible_counts_end_in_an_empty_ring(memory, head, tail):
    shared = ring(memory)
    memory[:8] = struct.pack("=Q", head)
    memory[64:72] = struct.pack("=Q", tail)
    assert list(shared.drain(100)) == []
    assert shared.damaged == 1
    assert shared.push(b"on it goes")
    assert shared.pop() == b"on it goes"


def test_memory_is_free_again_after_closing(memory):
    shared = ring(memory)
    with pytest.raises(BufferError):
        memory.append(0)
    shared.close()
    memory.append(0)
