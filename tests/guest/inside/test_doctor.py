"""`ddsp-pi doctor` before a kernel's devices, as somebody who may use them and as somebody who may not."""

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path

import gpiod
import pytest

from ddsp_pi.rack.boards.terminal_tedium_wm8731 import BOARD
from ddsp_pi.rack.gpio import find_chip
from tests.guest.inside import panel
from tests.guest.inside.panel import until

PARTS = ("spi", "spi-access", "spi-busy", "converter", "gpio-chip", "gpio-lines", "groups")
LIBRARIES = ("spidev", "gpio-library", "portaudio", "kernel")


@pytest.fixture(autouse=True)
def cables(converter):
    """Knobs that stand differently, as they do."""
    panel.lines()
    cables = panel.Cables(converter)
    for jack in range(1, 7):
        cables.plug(jack, jack / 10)


def doctor(user):
    """What it finds, by the names of its checks: (status, all it says)."""
    command = ("/venv/bin/ddsp-pi", "doctor", "--json", "--board", BOARD.name)
    done = subprocess.run(["runuser", "-u", user, "--", *command], capture_output=True, text=True, cwd="/")
    assert "Traceback" not in done.stderr
    rows = json.loads(done.stdout)
    assert done.returncode == any(row["status"] == "fault" for row in rows)
    return {
        row["name"]: (row["status"], " ".join(filter(None, [row["found"], *row["mend"], row["by_hand"]])))
        for row in rows
    }


@contextmanager
def running(*command):
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_panel_that_may_be_used_is_found_fine():
    found = doctor("player")
    wrong = {name: found[name] for name in (*PARTS, *LIBRARIES) if found[name][0] != "ok"}
    assert wrong == {}
    assert found["gpio-chip"][1] == f"pinctrl-bcm2711 is {find_chip()}"


def test_whoever_is_in_no_group_is_told_of_each():
    found = doctor("nobody")
    for name, command in (("spi-access", "usermod -aG spi"), ("gpio-chip", "usermod -aG gpio")):
        status, said = found[name]
        assert (status, command in said) == ("fault", True), said
    assert found["groups"][0] != "ok"
    assert found["spi"][0] == "ok"


def test_a_line_that_another_program_has_is_named_with_it():
    settings = {BOARD.gates_in[2].pin: None}
    with gpiod.request_lines(find_chip(), settings, consumer="sequencer"):
        status, said = doctor("player")["gpio-lines"]
    assert status == "fault"
    assert "gate_in_3" in said
    assert "sequencer" in said


def test_another_program_on_the_bus_is_named():
    with running(
        "/venv/bin/python", "-c", "import spidev, time; bus = spidev.SpiDev(0, 1); time.sleep(99)"
    ) as other:
        assert until(lambda: "spidev0.1" in subprocess.getoutput(f"ls -l /proc/{other.pid}/fd"))
        status, said = doctor("root")["spi-busy"]
    assert (status, str(other.pid) in said) == ("warning", True), said


@pytest.mark.parametrize("level", [0, 1])
def test_a_converter_that_is_cut_off_is_a_fault(converter, level):
    converter.cut_off(level)
    assert doctor("player")["converter"][0] == "fault"


def test_where_there_is_no_device_file_no_part_is_asked():
    driver = Path("/sys/bus/spi/drivers/spidev")
    (driver / "unbind").write_text("spi0.1")
    try:
        found = doctor("player")
    finally:
        (driver / "bind").write_text("spi0.1")
    # Where there is no SPI device this is no rack, unless it is a Pi.
    assert {found[name][0] for name in PARTS} == {"not applicable"}
    assert "no SPI device" in found["spi"][1]
