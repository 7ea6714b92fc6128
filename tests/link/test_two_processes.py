"""The link between real processes that write as fast as they can and are killed in the middle."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ddsp_pi.link import shared

PRELUDE = """
import os, signal, sys
from ddsp_pi.link import latest, ring, shared
link = shared.attach(int(sys.argv[1]))
"""

HAMMER = """
n = 0
while True:
    n += 1
    link.telemetry.write(b"%d " % n * (n % 400 + 1))
"""
"""Every value is one number again and again, so a mixture of two would show."""

PUSH = """
n = 0
while n < 20000:
    n += link.said.push(b"%d " % n * (n % 60 + 1))
"""

DIE_IN_WRITE = """
def half_a_payload(payload, start):
    link.telemetry._memory[24:30] = payload[:6]
    os.kill(os.getpid(), signal.SIGKILL)
latest.crc32 = half_a_payload
link.telemetry.write(b"never whole")
"""

DIE_IN_PUSH = """
def half_a_payload(payload, start):
    link.said._memory[136:142] = payload[:6]
    os.kill(os.getpid(), signal.SIGKILL)
ring.crc32 = half_a_payload
link.said.push(b"never whole")
"""


@pytest.fixture
def link():
    link = shared.create()
    yield link
    link.close()


@pytest.fixture
def start(link):
    started = []

    def start(program):
        command = [sys.executable, "-c", PRELUDE + program, str(link.fd)]
        started.append(subprocess.Popen(command, pass_fds=(link.fd,)))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def deadline(seconds: float = 30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
    pytest.fail(f"nothing came within {seconds} s")


def number(payload: bytes) -> int:
    """The number of which a payload is made, having checked that it is whole."""
    numbers = payload.split()
    assert set(numbers) == {numbers[0]}, "a mixture of two records"
    return int(numbers[0])


def test_a_reader_beside_a_hammering_writer_sees_whole_values_in_order(link, start):
    start(HAMMER)
    seen = []
    for _ in deadline():
        value = link.telemetry.read()
        if value is not None:
            seen.append(number(value))
            assert len(value.split()) == seen[-1] % 400 + 1
        if len(seen) == 2000:
            break
    assert seen == sorted(set(seen))


def test_writers_killed_at_any_moment_leave_readers_and_successors_unharmed(link, start):
    reader = link.telemetry
    for turn in range(8):
        writer, read, begun = start(HAMMER), 0, reader.sequence
        for _ in deadline():
            value = reader.read()
            read += value is not None and number(value) > 0
            if read > 5 and reader.sequence > begun + 100 + 37 * turn:
                break
        writer.kill()
        writer.wait()
        reader.read()
        assert number(reader.value)
        assert reader.read() is None


def test_a_writer_killed_in_the_middle_leaves_the_last_good_value(link, start):
    link.telemetry.write(b"good")
    assert link.telemetry.read() == b"good"
    assert start(DIE_IN_WRITE).wait(30) == -signal.SIGKILL
    assert link.telemetry.sequence % 2 == 1
    assert b"never " in os.pread(link.fd, 1 << 20, 0)
    assert link.telemetry.read() is None
    assert link.telemetry.value == b"good"
    assert link.telemetry.is_stale(0.0)
    start(HAMMER)
    for _ in deadline():
        value = link.telemetry.read()
        if value is not None:
            break
    assert number(value)


def test_a_producer_killed_in_the_middle_leaves_nothing(link, start):
    assert start(DIE_IN_PUSH).wait(30) == -signal.SIGKILL
    assert b"never " in os.pread(link.fd, 1 << 20, 0)
    assert link.said.pop() is None
    assert link.said.push(b"whole")
    assert list(link.said.drain(10)) == [b"whole"]


def test_every_record_of_a_hammering_producer_arrives_once_and_in_order(link, start):
    start(PUSH)
    seen = []
    for _ in deadline(60.0):
        for record in link.said.drain(link.said.slots):
            seen.append(number(record))
            assert len(record.split()) == seen[-1] % 60 + 1
        if len(seen) == 20000:
            break
    assert seen == list(range(20000))
    assert link.said.damaged == 0
