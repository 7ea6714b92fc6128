"""What the doctor says of a converter behind the real spidev library, and what it shares with the drivers."""

import errno
import json
import os
import subprocess
import sys

import pytest

from ddsp_pi.service.checks import pins
from tests.boards.bench import Fault

EXAMINE = """
import json, pathlib, sys
from ddsp_pi.service.probes import real_probes
from tests.service.fake import Pi

pi = Pi(pathlib.Path(sys.argv[1]))
pi.probe(read_counts=real_probes().read_counts)
finding = pi.findings()["converter"]
print(json.dumps([finding.status, finding.found, finding.by_hand]))
"""


@pytest.fixture
def examine(shim, bench, tmp_path):
    """The finding of the converter's check: how it is, what was found, what to do."""
    bench.bits = 8
    bench.counts[:] = range(100, 900, 100)

    def examine():
        command = [sys.executable, "-c", EXAMINE, str(tmp_path / "pi")]
        environment = {"LD_PRELOAD": str(shim), "MCP3208_BENCH": str(tmp_path / "bench")}
        done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    return examine


def test_what_the_channels_read_is_told_by_jack(examine, bench):
    status, found, _ = examine()
    assert (status, found) == ("ok", "it answers: CV 1 100, CV 2 200, CV 3 300, CV 4 400, CV 5 500, CV 6 600")
    assert (bench.opened, bench.closed) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault.DATA_LOW, 0, "all channels read 0, always"),
        (Fault.DATA_HIGH, 0, "no MCP3208 answers"),
        (Fault.TRANSFER_FAILS, errno.EIO, "Input/output error"),
        (Fault.OPEN_FAILS, errno.EBUSY, "busy"),
    ],
)
def test_what_is_wrong_with_it_is_found_with_the_wires_to_check(examine, bench, fault, error, said):
    bench.breaks(fault, error)
    status, found, remedy = examine()
    assert (status, said in found) == ("fault", True), found
    assert "SPI0 MISO at GPIO 9 (header pin 21), SPI0 CE1 at GPIO 7 (header pin 26)" in remedy
    assert "doctor" not in found


def test_chips_and_our_own_name_are_those_of_the_driver(need_library):
    need_library("gpiod", "ddsp-pi[rack]")
    from ddsp_pi.rack import gpio

    assert (pins.LABELS, pins.OURS) == (gpio.CHIP_LABELS, gpio.CONSUMER)
