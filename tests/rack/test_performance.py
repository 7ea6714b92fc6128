import numpy as np
import pytest

from ddsp_pi.errors import PerformanceError
from ddsp_pi.frame import Edge
from ddsp_pi.rack.performance import load_performance
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.shipped import configs_folder

LINE = "time_s,cv1,gate1\n0,0,0\n0.25,0.5,1\n0.5,0.5,0\n1.0,0.25,1\n1.5,0.25,1\n"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "line.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_reads_volts_and_edges(write):
    performance = load_performance(write(LINE))
    assert performance.length_ns == 1_500_000_000
    np.testing.assert_array_equal(performance.volts[:, 0], [0, 0.5, 0.5, 0.25, 0.25])
    assert np.isnan(performance.volts[:, 1:]).all()
    assert performance.edges == (
        Edge(1, True, 250_000_000),
        Edge(1, False, 500_000_000),
        Edge(1, True, 1_000_000_000),
        Edge(1, False, 1_500_000_000),
    )


BAD = {
    "empty": ("", "empty"),
    "only a header": ("time_s,cv1\n", "at least 2"),
    "no header": ("0,0,0\n1,0,0\n", "line 1"),
    "unknown column": ("time_s,cv9\n0,0\n1,0\n", "cv9"),
    "column twice": ("time_s,cv1,cv1\n0,0,0\n1,0,0\n", "once"),
    "no volts": ("time_s\n0\n1\n", "line 1"),
    "nan": ("time_s,cv1\n0,0\n0.1,nan\n", "line 3, cv1"),
    "infinite": ("time_s,cv1\n0,0\n0.1,-inf\n", "line 3, cv1"),
    "missing value": ("time_s,cv1\n0,0\n0.1,\n", "line 3, cv1: the value is missing"),
    "missing cell": ("time_s,cv1\n0,0\n0.1\n", "line 3: 1 values"),
    "not a number": ("time_s,cv1\n0,high\n0.1,0\n", "'high' is not a number"),
    "counts instead of volts": ("time_s,cv1\n0,2048\n0.1,0\n", "beyond"),
    "half a gate": ("time_s,gate1\n0,0\n0.1,0.5\n", "0 or 1"),
    "unordered": ("time_s,cv1\n0,0\n0.2,0\n0.1,0\n", "line 4: time 0.1 s does not come after 0.2 s"),
    "same time twice": ("time_s,cv1\n0,0\n0.2,0\n0.2,0\n", "line 4"),
    "gap": ("time_s,cv1\n0,0\n0.5,0\n4,0\n", "line 4: a gap of 3.5 s"),
    "before zero": ("time_s,cv1\n-1,0\n0,0\n", "before the start"),
    "binary": (b"\xff\xfe\x00time_s", "not a readable CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_place(write, name):
    text, said = BAD[name]
    with pytest.raises(PerformanceError, match=said):
        load_performance(write(text))


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(PerformanceError, match=r"no such file.*analyze"):
        load_performance(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "path", sorted((configs_folder() / "performances").glob("*.csv")), ids=lambda p: p.stem
)
def test_every_shipped_performance_plays(path):
    performance = load_performance(path)
    assert any(edge.high for edge in performance.edges)
    assert performance.length_ns < 60e9


def collect(board, step_ns, until_ns):
    return [edge for at in range(0, until_ns, step_ns) for edge in board.events(at + step_ns)]


@pytest.mark.parametrize("step_ns", [1_000_000, 2_666_667, 700_000_000])
def test_each_edge_is_said_once_whatever_the_step(write, step_ns):
    performance = load_performance(write(LINE))
    assert collect(SimBoard(performance), step_ns, 2_000_000_000) == list(performance.edges)


def test_volts_are_those_before_the_time_asked_for(write):
    board = SimBoard(load_performance(write(LINE)))
    assert board.volts(250_000_000)[0] == 0.0
    assert board.volts(250_000_001)[0] == 0.5
    assert board.volts(5_000_000_001)[0] == 0.25


def test_a_loop_begins_again(write):
    performance = load_performance(write(LINE))
    board = SimBoard(performance, loop=True)
    edges = collect(board, 10_000_000, 4_500_000_000)
    assert [e.at_ns for e in edges] == [
        e.at_ns + turn * 1_500_000_000 for turn in range(3) for e in performance.edges
    ][:11]
    assert board.volts(1_500_000_000 + 250_000_001)[0] == 0.5


def test_a_performance_may_begin_later(write):
    performance = load_performance(write(LINE))
    edges = collect(SimBoard(performance, begin_ns=70_000_000), 10_000_000, 2_000_000_000)
    assert [e.at_ns for e in edges] == [e.at_ns + 70_000_000 for e in performance.edges]


def test_unplugging_closes_what_is_open(write):
    board = SimBoard(load_performance(write(LINE)), loop=True)
    board.events(300_000_000)
    board.unplug()
    assert board.events(310_000_000) == [Edge(1, False, 309_999_999)]
    assert np.isnan(board.volts(310_000_000)).all()
    assert board.events(2_000_000_000) == []
