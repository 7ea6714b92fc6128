"""`ddsp-pi monitor` on a board that nobody plays, with the real spidev and RPi.GPIO."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ddsp_pi.rack.boards import find_board
from ddsp_pi.rack.calibration import Calibration, Point
from ddsp_pi.rack.calibration_file import save_calibration
from ddsp_pi.rack.performance import load_performance
from tests.boards.bench import Fault
from tests.programs import free_port

BOARD = find_board("terminal-tedium-wm8731")
PATCHED = (0.75, -2.0, 3.0, 0.0, -4.5, 4.5)


@pytest.fixture
def monitor(pi, shim, bench, registers, exported, tmp_path):
    """Runs it; its exit code and what it said on both channels."""
    settings = tmp_path / "config.yaml"
    settings.write_text(f"rack: {{board: {BOARD.name}, gpio: rpi_gpio}}\nosc: {{port: {free_port()}}}\n")
    # Pull-ups hold every line high where nothing is patched.
    registers.level[0] = 0xFFFFFFFF
    bench.bits = 8
    for cv, volts in zip(BOARD.cvs, PATCHED, strict=True):
        bench.counts[cv.channel] = round(cv.counts(volts))

    def run(*arguments):
        command = [sys.executable, "-m", "ddsp_pi", "monitor", "--config", settings, *arguments]
        hardware = {"LD_PRELOAD": shim, "MCP3208_BENCH": tmp_path / "bench", "DDSP_PI_DATA": tmp_path}
        within = [*pi, tmp_path / "gpiomem", exported]
        return subprocess.run(
            ["env", *(f"{name}={value}" for name, value in hardware.items()), *within, *command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ,
        )

    return run


def test_it_reads_the_board_itself_and_says_so(monitor, registers):
    registers.drive(BOARD.gates_in[1].pin, False)
    done = monitor("--once", "--json")
    assert done.returncode == 0, done.stderr
    assert "this is the board itself, and nothing plays" in done.stderr
    view = json.loads(done.stdout)
    assert [jack["volts"] for jack in view["jacks"]] == pytest.approx(PATCHED, abs=0.003)
    assert view["jacks"][0]["name"].startswith("A4 ")
    assert all(jack["noise_cents"] < 2.0 for jack in view["jacks"])
    assert view["gates"] == {"1": False, "2": True, "3": False, "4": False}
    assert (view["load"], view["instrument"], view["trouble"]) == (None, "", "")


def test_it_reads_as_the_board_was_calibrated(monitor, tmp_path):
    points = tuple(Point(volts, volts / 1.03 - 0.04, 0.001, 256) for volts in (-4.0, 0.0, 4.0))
    span = (BOARD.cvs[0].low_volts, BOARD.cvs[0].high_volts)
    save_calibration(tmp_path, BOARD, 1, Calibration(datetime.now(UTC), span, points))
    done = monitor("--once", "--json")
    assert "calibrated: CV 1" in done.stderr
    read = json.loads(done.stdout)["jacks"][0]["volts"]
    assert read == pytest.approx((PATCHED[0] + 0.04) * 1.03, abs=0.004)


def test_it_records_the_board(monitor, tmp_path):
    take = tmp_path / "take.csv"
    done = monitor("--record", take, "--seconds", "1")
    assert done.returncode == 0, done.stderr
    played = load_performance(take)
    assert played.volts[-1, :6] == pytest.approx(PATCHED, abs=0.003)
    assert played.length_ns > 0


@pytest.mark.parametrize(
    ("fault", "error", "code", "said"),
    [
        (Fault.OPEN_FAILS, errno.ENOENT, 2, "switch SPI on"),
        (Fault.OPEN_FAILS, errno.EACCES, 2, "usermod -aG spi"),
        (Fault.DATA_HIGH, 0, 0, "no MCP3208 answers"),
    ],
)
def test_what_is_wrong_with_the_board_is_said(monitor, bench, fault, error, code, said):
    bench.breaks(fault, error)
    done = monitor("--seconds", "1.5", "--rate", "2")
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
