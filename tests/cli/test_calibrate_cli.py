import io
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_pi.cli import calibrate as calibrating
from ddsp_pi.cli import main
from ddsp_pi.cli.calibration_desk import FLAWS
from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration import correction
from ddsp_pi.rack.calibration_file import calibration_path, load_calibrations
from ddsp_pi.rack.mcp3208 import Mcp3208
from ddsp_pi.rack.simulated import SimSpi
from ddsp_pi.service.detect import Detected

DOCS = Path(__file__).parents[2] / "docs" / "calibration.md"
SPEC = find_board("terminal-tedium-wm8731")
SIMULATED = "simulated-terminal-tedium-wm8731"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_PI_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def calibrate(data, monkeypatch, capsys):
    """Run it with lines typed into it; exit code, what it printed, and its complaint."""

    def run(*words, lines="\n" * 9, typed=io.StringIO):
        monkeypatch.setattr(sys, "stdin", typed(lines))
        exit_code = main(["calibrate", *words])
        said = capsys.readouterr()
        return exit_code, said.out, said.err

    return run


@pytest.fixture
def board(monkeypatch):
    """A real board as far as anybody can tell: a converter on a bus, and cables that a test holds."""

    class Board:
        cable = staticmethod(lambda jack: 0.0)

    plugged = Board()
    plugged.spi = SimSpi(SPEC.cvs, lambda jack: plugged.cable(jack), FLAWS)
    monkeypatch.setattr(Mcp3208, "open", lambda spi: Mcp3208(plugged.spi, spi.path))
    monkeypatch.setattr("ddsp_pi.cli.calibration_desk.time.sleep", lambda seconds: None)
    return plugged


def saved(data, name=SIMULATED):
    return (data / "calibration" / f"{name}.yaml").read_bytes()


def asked(out):
    return re.findall(r"^patch (.*) V into CV 1", out, re.MULTILINE)


def test_a_simulated_board_is_calibrated_by_pressing_enter(calibrate, data):
    exit_code, out, err = calibrate("--sim")
    assert (exit_code, err) == (0, "")
    assert asked(out) == ["-4", "-2", "0", "2", "4"]
    assert f"saved to {data / 'calibration'}" in out
    file = data / "calibration" / f"{SIMULATED}.yaml"
    file.write_text(file.read_text().replace(SIMULATED, SPEC.name))
    file.rename(calibration_path(data, SPEC))
    correct = correction(load_calibrations(data, SPEC)[1].points)
    for volts in range(-4, 5):
        assert correct(FLAWS.seen(volts, SPEC.cvs[0])) == pytest.approx(volts, abs=1.5 / 1200)


def test_trying_it_never_touches_the_real_board(calibrate, data):
    calibrate("--sim", "--points", "2", "--board", SPEC.name)
    assert load_calibrations(data, SPEC) == {}


@pytest.mark.parametrize(
    ("words", "voltages"),
    [
        (["--volts", "-4,-2,0,2,4.5"], ["-4", "-2", "0", "2", "4.5"]),
        (["--volts", "-1,1.5"], ["-1", "1.5"]),
        (["--volts", "3,0"], ["3", "0"]),
        (["--points", "3"], ["-4", "0", "4"]),
        (["--board", "breadboard"], ["1", "3", "5", "7", "9"]),
    ],
)
def test_any_voltages_will_do(calibrate, words, voltages):
    exit_code, out, _ = calibrate("--sim", *words)
    assert exit_code == 0
    assert asked(out) == voltages


def test_knobs_are_spoken_of_only_where_there_are_some(calibrate):
    assert "Turn the knob of CV 1 to noon and leave it" in calibrate("--sim", "--points", "2")[1]
    assert "Turn the knob" not in calibrate("--sim", "--points", "2", "--board", "breadboard")[1]


def test_the_volts_that_were_made_can_be_typed_in(calibrate):
    exit_code, out, _ = calibrate("--sim", "--volts", "-4,0,4", lines="-3.917\n\n−1.5\n")
    assert exit_code == 0
    assert re.search(r"^ +-3.917 +-3.98", out, re.MULTILINE)
    assert re.search(r"^ +-1.5 +-1.4", out, re.MULTILINE)


def test_a_voltage_can_be_repeated(calibrate):
    exit_code, out, _ = calibrate("--sim", "--volts", "-4,0,4", lines="r\n\n\nr\nR\n\n\n\n")
    assert exit_code == 0
    assert asked(out) == ["-4", "-4", "0", "4", "0", "-4", "0", "4"]


@pytest.mark.parametrize("nonsense", ["four", "nan", "1,5"])
def test_what_is_no_voltage_is_asked_for_again(calibrate, nonsense):
    exit_code, out, _ = calibrate("--sim", "--points", "2", lines=f"{nonsense}\n\n\n")
    assert exit_code == 0
    assert f"not taken: {nonsense!r} is neither a number nor c nor r" in out
    assert asked(out) == ["-4", "-4", "4"]


@pytest.mark.parametrize("lines", ["", "\n\n", "\n\nc\n", "C\n"])
def test_cancelling_keeps_what_was_there(calibrate, data, lines):
    calibrate("--sim", "--points", "2")
    before = saved(data)
    exit_code, out, _ = calibrate("--sim", lines=lines)
    assert exit_code == 1
    assert out.endswith("cancelled: CV 1 stays calibrated as it was\n")
    assert saved(data) == before


def test_ctrl_c_keeps_what_was_there(calibrate, data, board):
    calibrate("--sim", "--points", "2")
    before = saved(data)

    def interrupted(jack):
        raise KeyboardInterrupt

    board.cable = interrupted
    exit_code, out, _ = calibrate("--board", SPEC.name)
    assert exit_code == 130
    assert out.endswith("\ncancelled: CV 1 stays calibrated as it was\n")
    assert saved(data) == before


def test_a_real_board_is_read_through_its_driver(calibrate, data, board):
    played = iter((-2.0, 1.0, 3.0))
    board.cable = lambda jack: board.volts if jack == 2 else 0.0

    class Hands(io.StringIO):
        def readline(self):
            board.volts = next(played)
            return "\n"

    exit_code, out, _ = calibrate("--board", SPEC.name, "--jack", "3", "--volts", "-2,1,3", typed=Hands)
    assert exit_code == 0
    assert "a playing ddsp-pi takes it up by itself" in out
    points = load_calibrations(data, SPEC)[3].points
    assert [point.volts for point in points] == [-2.0, 1.0, 3.0]
    assert points[1].nominal == pytest.approx(FLAWS.seen(1.0, SPEC.cvs[2]), abs=0.001)


def test_nothing_patched_is_refused(calibrate, data, board):
    exit_code, _, err = calibrate("--board", SPEC.name)
    assert exit_code == 2
    assert re.search(r"a volt more reads .*is the cable|does not rise; is the cable", err)
    assert "Nothing was saved: CV 1 stays calibrated as it was" in err
    assert load_calibrations(data, SPEC) == {}


def test_what_moves_is_not_taken(calibrate, board):
    phase = iter(range(10**9))
    board.cable = lambda jack: math.sin(next(phase) / 500)
    exit_code, out, _ = calibrate("--board", SPEC.name, lines="\n")
    assert exit_code == 1
    assert "not taken: -4 V: the readings move by ±" in out


def test_a_converter_that_is_gone_is_named(calibrate, board):
    board.spi.stuck = 1
    exit_code, _, err = calibrate("--board", SPEC.name)
    assert exit_code == 2
    assert "/dev/spidev0.1: no MCP3208 answers" in err


def test_the_picture_is_drawn(calibrate, tmp_path):
    picture = tmp_path / "new" / "cv1.png"
    assert calibrate("--sim", "--points", "2", "--plot", str(picture))[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    picture.unlink()
    assert calibrate("--sim", "--show", "--plot", str(picture))[0] == 0
    assert picture.exists()


def test_a_picture_without_its_library_says_what_to_install_before_it_begins(
    calibrate, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "ddsp_pi.calibration_picture", raising=False)
    exit_code, out, err = calibrate("--sim", "--plot", str(tmp_path / "cv1.png"))
    assert (exit_code, out) == (2, "")
    assert "pip install 'ddsp-pi[plot]'" in err


def test_show_prints_what_there_is(calibrate):
    assert calibrate("--sim", "--show")[1].startswith("not calibrated: any CV jack of simulated Terminal")
    calibrate("--sim", "--points", "2", "--jack", "2")
    exit_code, out, _ = calibrate("--sim", "--show")
    assert exit_code == 0
    assert re.match(r"CV 2 of simulated .*, calibrated \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", out)
    assert calibrate("--sim", "--show", "--jack", "1")[1].startswith("not calibrated: CV 1 of")


def test_restore_takes_the_last_change_back_and_again(calibrate, data):
    calibrate("--sim", "--points", "2")
    before = saved(data)
    calibrate("--sim", "--points", "2", "--jack", "2")
    after = saved(data)
    for content, jacks in ((before, "CV 1 of"), (after, "CV 1 of .*, CV 2 of")):
        exit_code, out, _ = calibrate("--sim", "--restore")
        assert exit_code == 0
        assert re.search(f"is what it was before the last change: {jacks}", out)
        assert saved(data) == content


def test_restore_without_anything_before_is_said(calibrate):
    exit_code, _, err = calibrate("--sim", "--restore")
    assert exit_code == 2
    assert "no calibration of before" in err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--jack", "7"], "--jack 7: simulated Terminal Tedium with WM8731 codec has CV 1 to 6"),
        (["--jack", "0"], "--jack 0: "),
        (["--points", "1"], "1 points: give 2 to 9, whole volts from -4 to 4"),
        (["--points", "10"], "10 points: give 2 to 9"),
        (["--board", "nowhere"], "no board called 'nowhere'"),
    ],
)
def test_unusable_arguments_are_refused(calibrate, words, complaint):
    exit_code, _, err = calibrate("--sim", *words)
    assert exit_code == 2
    assert complaint in err


@pytest.mark.parametrize("volts", ["1", "1,x", "1,1.05", "-4,inf"])
def test_unusable_lists_of_volts_are_refused(calibrate, volts):
    with pytest.raises(SystemExit) as left:
        calibrate("--sim", "--volts", volts)
    assert left.value.code == 2


def test_where_no_board_is_found_it_says_why_and_what_to_do(calibrate, monkeypatch):
    monkeypatch.setattr(calibrating, "detect_board", lambda host: Detected(None, "no converter answers"))
    exit_code, _, err = calibrate()
    assert exit_code == 2
    assert "no converter answers; name it with --board, see 'ddsp-pi doctor'" in err


def test_the_board_at_hand_is_the_one_that_is_calibrated(calibrate, data, board, monkeypatch):
    monkeypatch.setattr(calibrating, "detect_board", lambda host: Detected(SPEC.name, "its codec is there"))
    exit_code, out, _ = calibrate(lines="")
    assert exit_code == 1
    assert out.startswith(f"CV 1 of {SPEC.title}\n")


def test_a_board_without_parts_has_nothing_to_calibrate(calibrate):
    assert "has no parts to calibrate" in calibrate("--board", "sim")[2]


def test_in_a_terminal_it_shows_what_the_jack_reads_while_it_waits(data):
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ddsp_pi", "calibrate", "--sim", "--volts", "-4,4"]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as done:
        os.close(theirs)
        shown = read_until(ours, b"reads -4.0")
        os.write(ours, b"\n")
        shown += read_until(ours, b"patch 4 V into CV 1, then Enter (reads 4.1")
        os.write(ours, b"\n")
        shown += read_until(ours, b"--restore' takes it back")
    os.close(ours)
    assert done.returncode == 0
    assert "█".encode() in shown


def read_until(terminal, wanted):
    seen = b""
    while wanted not in seen:
        seen += os.read(terminal, 4096)
    return seen


def test_the_example_in_the_docs_is_what_it_prints(calibrate, data):
    example = DOCS.read_text().split("$ ddsp-pi calibrate --sim\n")[1].split("\n\n```")[0].split("```")[0]
    out = calibrate("--sim")[1].replace(str(data), "/var/lib/ddsp_pi")
    assert [line.strip() for line in example.splitlines()] == [line.strip() for line in out.splitlines()]
