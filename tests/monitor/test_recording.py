import math
import subprocess
import sys
import time

import numpy as np
import pytest

from ddsp_pi.frame import Edge
from ddsp_pi.monitor.recording import Recording
from ddsp_pi.rack.performance import load_performance

MS = 1_000_000
NAN = math.nan


@pytest.fixture
def begin_ns():
    """A while ago, so that all that is recorded has happened."""
    return time.monotonic_ns() - 100_000 * MS


@pytest.fixture
def recording(tmp_path):
    return Recording(tmp_path / "take.csv")


def recorded(recording):
    recording.close()
    return load_performance(recording.path)


def test_a_recording_plays_the_same_volts_and_edges_again(recording, begin_ns):
    volts = np.round(np.random.default_rng(1).uniform(-5.0, 5.0, (500, 3)), 5)
    for row, cables in enumerate(volts.tolist()):
        recording.scan(begin_ns + row * 2 * MS, cables)
    edges = [Edge(1, True, 100_123_456), Edge(3, True, 100_123_999), Edge(1, False, 101_123_456)]
    for edge in edges:
        recording.gate(begin_ns + edge.at_ns, edge.gate, edge.high)
    played = recorded(recording)
    assert recording.jacks == (1, 2, 3)
    assert recording.edges == 3
    assert played.edges == (*edges, Edge(3, False, played.length_ns))
    scans = np.isin(played.times_ns, np.arange(500) * 2 * MS)
    np.testing.assert_array_equal(played.volts[scans][:, :3], volts)
    assert np.isnan(played.volts[:, 3:]).all()


def test_what_comes_in_another_order_is_put_into_that_of_its_times(recording, begin_ns):
    recording.gate(begin_ns + 3 * MS, 1, True)
    recording.scan(begin_ns + 4 * MS, (2.0,))
    recording.scan(begin_ns, (1.0,))
    recording.gate(begin_ns + 2 * MS, 2, True)
    played = recorded(recording)
    assert played.times_ns.tolist() == [0, 2 * MS, 3 * MS, 4 * MS]
    assert played.volts[:, 0].tolist() == [1.0, 1.0, 1.0, 2.0]
    assert [edge.gate for edge in played.edges if edge.high] == [2, 1]


def test_a_gate_that_is_open_before_the_first_scan_is_open_at_the_beginning(recording, begin_ns):
    recording.gate(begin_ns - 50 * MS, 2, True)
    recording.scan(begin_ns, (0.0,))
    recording.scan(begin_ns + 10 * MS, (0.0,))
    assert recorded(recording).edges == (Edge(2, True, 0), Edge(2, False, 10 * MS))


def test_a_level_that_is_said_again_is_no_edge(recording, begin_ns):
    recording.scan(begin_ns, (0.0,))
    for at in (1, 2, 3):
        recording.gate(begin_ns + at * MS, 1, True)
    assert recorded(recording).edges[0] == Edge(1, True, 1 * MS)
    assert (recording.rows, recording.edges) == (2, 1)


def test_two_things_at_the_same_time_are_both_kept(recording, begin_ns):
    recording.scan(begin_ns, (0.0,))
    recording.gate(begin_ns + MS, 1, True)
    recording.gate(begin_ns + MS, 2, True)
    assert [edge.at_ns for edge in recorded(recording).edges[:2]] == [MS, MS + 1]


def test_while_nothing_comes_the_last_row_is_repeated_and_no_step_is_too_long(recording, begin_ns):
    recording.scan(begin_ns, (1.0,))
    recording.gate(begin_ns + 60_000 * MS, 1, True)
    recording.scan(begin_ns + 90_000 * MS, (2.0,))
    played = recorded(recording)
    assert played.length_ns == 90_000 * MS
    assert played.volts[-2:, 0].tolist() == [1.0, 2.0]
    assert played.edges[0] == Edge(1, True, 60_000 * MS)


def test_only_jacks_that_say_something_at_the_beginning_get_a_column(recording, begin_ns):
    recording.scan(begin_ns, (NAN, NAN, NAN))
    recording.scan(begin_ns + 1 * MS, (NAN, 1.0, NAN))
    recording.scan(begin_ns + 2 * MS, (5.0, NAN, 5.0))
    recording.scan(begin_ns + 3 * MS, (5.0,))
    recording.scan(begin_ns + 4 * MS, (5.0, 1.5, math.inf))
    played = recorded(recording)
    assert recording.jacks == (2,)
    assert played.volts[:, 1].tolist() == [1.0, 1.0, 1.0, 1.5]


def test_volts_that_no_rack_has_are_held_at_what_it_has(recording, begin_ns):
    for row, volts in enumerate((-13.0, 99.0)):
        recording.scan(begin_ns + row * MS, (volts,))
    assert recorded(recording).volts[:, 0].tolist() == [-12.0, 12.0]


def test_times_that_are_far_ahead_are_not_believed(recording, begin_ns):
    recording.scan(begin_ns, (1.0,))
    recording.scan(begin_ns + MS, (1.0,))
    recording.scan(time.monotonic_ns() + 10**15, (2.0,))
    recording.gate(10**18, 1, True)
    assert recorded(recording).length_ns == MS


def test_times_that_are_long_gone_are_not_believed_either(recording, begin_ns):
    recording.scan(-(10**18), (2.0,))
    recording.gate(begin_ns - 10**15, 1, True)
    recording.scan(begin_ns, (1.0,))
    recording.scan(begin_ns + MS, (1.0,))
    played = recorded(recording)
    assert (played.length_ns, played.edges) == (MS, ())


def test_more_jacks_and_gates_than_there_are_do_no_harm(recording, begin_ns):
    recording.gate(begin_ns, 0, True)
    recording.gate(begin_ns, 99, True)
    for row in range(2):
        recording.scan(begin_ns + row * MS, (1.0,) * 20)
    assert recorded(recording).edges == ()
    assert recording.jacks == tuple(range(1, 9))


def test_rows_are_in_the_file_while_it_records(recording):
    deadline = time.monotonic() + 30.0
    while recording.path.read_bytes().count(b"\n") < 10:
        assert time.monotonic() < deadline
        recording.scan(time.monotonic_ns(), (1.0,))
        recording.beat()
        time.sleep(0.005)
    # Nobody has closed it.
    assert load_performance(recording.path).volts[0, 0] == 1.0
    recording.close()


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(OSError, match="take"):
        Recording(tmp_path / "nowhere" / "take.csv")


FILL = """
import resource, sys
from ddsp_pi.monitor.rows import RowFile
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
file = RowFile(Path(sys.argv[1]))
rows = [f"{number / 1000:.9f},0.50000\\n" for number in range(10_000)]
try:
    file.append("time_s,cv1\\n")
    while rows:
        file.append("".join(rows[:100]))
        del rows[:100]
except OSError as error:
    print(error)
    # The next attempt fails as well and spoils nothing.
    try:
        file.append("".join(rows))
    except OSError:
        print("again")
file.close()
"""


@pytest.mark.parametrize("room", [2000, 2001, 2002, 4096, 10_007])
def test_when_the_disk_is_full_what_was_written_stays_readable(tmp_path, room):
    path = tmp_path / "take.csv"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path), str(room)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said, again = done.stdout.splitlines()
    assert str(path) in said
    assert "can be read" in said
    assert again == "again"
    assert room - 21 <= path.stat().st_size <= room
    played = load_performance(path)
    np.testing.assert_array_equal(np.diff(played.times_ns), MS)
