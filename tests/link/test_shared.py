import fcntl
import os
import struct

import pytest

from ddsp_pi.errors import LinkError
from ddsp_pi.link import shared


@pytest.fixture
def link():
    link = shared.create()
    yield link
    link.close()


@pytest.fixture
def joined(link):
    joined = shared.attach(os.dup(link.fd))
    yield joined
    joined.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_every_part_goes_through_on_its_own(link, joined):
    link.frame.write(bytes(link.frame.capacity))
    joined.telemetry.write(b"\xff" * joined.telemetry.capacity)
    for n in range(link.edits.slots):
        assert link.edits.push(bytes([n % 256]) * 480)
    for n in range(joined.said.slots):
        assert joined.said.push(bytes([n]) * 480)
    assert joined.frame.read() == bytes(link.frame.capacity)
    assert link.telemetry.read() == b"\xff" * joined.telemetry.capacity
    assert list(joined.edits.drain(1000)) == [bytes([n % 256]) * 480 for n in range(link.edits.slots)]
    assert list(link.said.drain(1000)) == [bytes([n]) * 480 for n in range(joined.said.slots)]


def test_each_part_has_room_for_its_work(link):
    assert link.frame.capacity >= 16 * 8
    assert link.telemetry.capacity >= 1024
    assert (link.edits.slots, link.said.slots) == (256, 64)


def test_parts_begin_on_words_of_their_own(link):
    """A sequence number that lies across two words could be seen half written."""
    assert all(begin % 8 == 0 for begin in (link.frame.size(512), shared._HEADER.size))
    link.frame.write(b"x")
    memory = os.pread(link.fd, 64 + 8, 0)
    assert memory[64:] == struct.pack("=Q", 2)


def test_who_attaches_late_sees_the_latest_and_what_waits(link):
    link.frame.write(b"first")
    link.frame.write(b"second")
    link.edits.push(b"edit")
    late = shared.attach(os.dup(link.fd))
    assert late.frame.read() == b"second"
    assert late.edits.pop() == b"edit"
    late.close()


def test_closing_gives_everything_back():
    before = open_files()
    link = shared.create()
    joined = shared.attach(os.dup(link.fd))
    link.close()
    joined.frame.write(b"the others keep it")
    joined.close()
    assert open_files() == before


def test_the_memory_has_no_name_and_cannot_be_cut(link):
    assert os.readlink(f"/proc/self/fd/{link.fd}").startswith("/memfd:")
    assert not os.get_inheritable(link.fd)
    with pytest.raises(PermissionError):
        os.ftruncate(link.fd, 0)
    assert fcntl.fcntl(link.fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK


def test_another_version_is_refused_with_both_named(link):
    os.pwrite(link.fd, struct.pack("=I", shared.VERSION + 1), 8)
    with pytest.raises(
        LinkError, match=rf"version {shared.VERSION + 1} .* version {shared.VERSION} .*start it again"
    ):
        shared.attach(link.fd)


def test_a_link_of_another_size_is_refused(link):
    os.pwrite(link.fd, struct.pack("=I", 12345), 12)
    with pytest.raises(LinkError, match="12345 bytes"):
        shared.attach(link.fd)


@pytest.mark.parametrize("content", [b"", b"ddsp", b"something else entirely"])
def test_memory_that_is_no_link_is_refused(content):
    fd = os.memfd_create("other")
    os.write(fd, content)
    with pytest.raises(LinkError, match="no link"):
        shared.attach(fd)
    os.close(fd)


def test_descriptors_that_cannot_be_a_link_are_refused():
    reading, writing = os.pipe()
    with pytest.raises(LinkError, match="no link"):
        shared.attach(reading)
    os.close(reading)
    os.close(writing)
    with pytest.raises(LinkError, match=r"Bad file descriptor.*ddsp-pi run"):
        shared.attach(reading)
