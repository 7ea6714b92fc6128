import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_pi.errors import LinkError
from ddsp_pi.link import latest
from ddsp_pi.link.latest import Latest

CAPACITY = 64


@pytest.fixture
def memory():
    return bytearray(Latest.size(CAPACITY))


def record(memory: bytearray) -> Latest:
    return Latest(memoryview(memory))


def test_nothing_was_ever_written(memory):
    reader = record(memory)
    assert reader.read() is None
    assert reader.value is None
    assert reader.age_s == math.inf
    assert reader.is_stale(1e9)


def test_every_reader_gets_a_value_once(memory):
    writer, first, late = record(memory), record(memory), record(memory)
    writer.write(b"one")
    assert (first.read(), first.read()) == (b"one", None)
    writer.write(b"two")
    assert (first.read(), late.read(), record(memory).read()) == (b"two",) * 3
    assert first.value == b"two"


def test_a_value_written_again_is_new_again(memory):
    writer, reader = record(memory), record(memory)
    for _ in range(3):
        writer.write(b"same")
        assert reader.read() == b"same"


@given(st.lists(st.binary(max_size=CAPACITY), min_size=1))
def test_whatever_fits_arrives_whole(payloads):
    memory = bytearray(Latest.size(CAPACITY))
    writer, reader = record(memory), record(memory)
    for payload in payloads:
        writer.write(payload)
        assert reader.read() == payload
    assert reader.sequence == 2 * len(payloads)


def test_what_is_too_long_is_refused_and_the_old_value_stays(memory):
    writer = record(memory)
    writer.write(b"old")
    with pytest.raises(LinkError, match=r"65 bytes.*64 fit"):
        writer.write(bytes(CAPACITY + 1))
    assert record(memory).read() == b"old"


def begin_a_write_and_die(memory: bytearray) -> None:
    writer = record(memory)
    memory[:8] = struct.pack("=Q", writer.sequence | 1)
    memory[30:40] = b"torn apart"


def test_a_reader_keeps_its_value_while_a_dead_writer_s_record_is_torn(memory):
    writer, reader = record(memory), record(memory)
    writer.write(b"good")
    assert reader.read() == b"good"
    begin_a_write_and_die(memory)
    assert [reader.read() for _ in range(5)] == [None] * 5
    assert reader.value == b"good"
    assert reader.sequence % 2 == 1
    assert not reader.is_stale(1e3)
    assert reader.is_stale(0.0)
    assert record(memory).read() is None, "a late reader must not get a torn value"


@pytest.fixture
def no_checksum(monkeypatch):
    """The sequence number must do by itself wherever the CPU keeps the order of stores."""
    monkeypatch.setattr(latest, "_checksum", lambda payload, sequence, at_ns: 0)


def test_the_number_alone_marks_a_torn_record(memory, no_checksum):
    reader = record(memory)
    begin_a_write_and_die(memory)
    assert reader.read() is None


def test_the_number_alone_shows_a_write_during_a_read(memory, no_checksum, monkeypatch):
    writer, reader = record(memory), record(memory)
    writer.write(b"old")

    def write_meanwhile(payload, sequence, at_ns):
        monkeypatch.setattr(latest, "_checksum", lambda payload, sequence, at_ns: 0)
        writer.write(b"new")
        return 0

    monkeypatch.setattr(latest, "_checksum", write_meanwhile)
    assert reader.read() == b"new"


def test_the_next_writer_mends_a_torn_record(memory):
    reader = record(memory)
    for payload in (b"first", b"second"):
        begin_a_write_and_die(memory)
        before = reader.sequence
        record(memory).write(payload)
        assert reader.read() == payload
        assert reader.sequence > before
        assert reader.sequence % 2 == 0


@pytest.mark.parametrize("place", range(8, 24 + 4), ids="byte {}".format)
def test_a_record_that_was_changed_behind_its_checksum_is_not_read(memory, place):
    writer, reader = record(memory), record(memory)
    writer.write(b"good")
    reader.read()
    writer.write(b"evil")
    memory[place] ^= 0x81
    assert reader.read() is None
    assert reader.value == b"good"
    writer.write(b"mended")
    assert reader.read() == b"mended"


def test_a_new_number_over_an_old_record_is_not_taken_for_a_new_value(memory):
    """What a CPU that reorders stores may show for a moment; the value must be read later on."""
    writer, reader = record(memory), record(memory)
    writer.write(b"old")
    reader.read()
    old = bytes(memory)
    writer.write(b"new")
    new = bytes(memory)
    memory[8:] = old[8:]
    assert reader.read() is None
    memory[:] = new
    assert reader.read() == b"new"


def test_an_old_number_over_a_new_record_is_not_read(memory):
    writer, reader = record(memory), record(memory)
    writer.write(b"old")
    number = bytes(memory[:8])
    writer.write(b"new")
    memory[:8] = number
    assert reader.read() is None


def test_the_age_is_that_of_the_value_held(memory):
    writer, reader = record(memory), record(memory)
    writer.write(b"one")
    reader.read()
    held = reader.age_s
    writer.write(b"two")
    assert reader.age_s >= held, "what has not been read yet does not make the reader's value younger"
    assert 0.0 <= reader.age_s < 60.0


def test_memory_is_free_again_after_closing(memory):
    reader = record(memory)
    with pytest.raises(BufferError):
        memory.append(0)
    reader.close()
    memory.append(0)
