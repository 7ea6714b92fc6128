"""A whole board over the real spidev library and a simulated chip."""

import errno
import math

import pytest

from ddsp_pi.rack.boards import find_board
from tests.boards.bench import Fault

BOARD = "terminal-tedium-wm8731"
PATCHED = [1.0, -2.0, 3.0, 0.0, -4.5, 4.5]


@pytest.fixture
def panel(wired, bench):
    """A board with these volts at its jacks; every knob counts from the start."""
    for cv, volts in zip(find_board(BOARD).cvs, PATCHED, strict=True):
        bench.counts[cv.channel] = round(cv.counts(volts))
    return wired("panel", BOARD, {"wakes": {}})


def near(volts):
    """As read by jacks of 2.45 mV per count; those that the board does not have read nothing."""
    return pytest.approx([*volts, math.nan, math.nan], abs=0.003, nan_ok=True)


def test_every_jack_reads_its_own_volts(panel):
    assert panel.call("play", 0.1) == near(PATCHED)
    assert panel.call("trouble") == ""


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault.DATA_HIGH, 0, "no MCP3208 answers"),
        (Fault.DATA_LOW, 0, "stuck low"),
        (Fault.TRANSFER_FAILS, errno.EIO, "/dev/spidev0.1: Input/output error"),
        (Fault.TRANSFER_FAILS, errno.EBUSY, "/dev/spidev0.1: Device or resource busy"),
    ],
)
def test_a_converter_that_fails_is_named_within_a_second_its_last_volts_stay_and_it_may_come_back(
    panel, bench, fault, error, said
):
    panel.call("play", 0.1)
    bench.breaks(fault, error)
    assert panel.call("play", 1.0) == near(PATCHED)
    assert said in panel.call("trouble")

    bench.breaks(Fault.NONE)
    cv = find_board(BOARD).cvs[0]
    bench.counts[cv.channel] = round(cv.counts(2.0))
    assert panel.call("play", 0.1) == near([2.0, *PATCHED[1:]])
    assert panel.call("trouble") == ""
