"""The real spidev library against a simulated chip that is clocked bit by bit."""

import errno

import pytest

from tests.boards.bench import Fault
from tests.boards.part import RefusedError

FRAMES = [
    (0x06, 0x00, 0),
    (0x06, 0x40, 0),
    (0x06, 0x80, 0),
    (0x06, 0xC0, 0),
    (0x07, 0x00, 0),
    (0x07, 0x40, 0),
    (0x07, 0x80, 0),
    (0x07, 0xC0, 0),
]


def test_every_channel_is_asked_for_with_its_own_three_bytes(converter, bench):
    bench.counts[:] = [4095, 1, 2048, 0, 1365, 2730, 7, 3000]
    chip = converter()
    for channel, frame in enumerate(FRAMES):
        assert chip.call("read", channel) == bench.counts[channel]
        assert bench.last_sent == frame


def test_every_count_arrives(converter, bench):
    chip = converter()
    for counts in range(4096):
        bench.counts[3] = counts
        assert chip.call("read", 3) == counts


def test_one_reading_is_one_transfer(converter, bench):
    chip = converter()
    assert bench.transfers == 0
    for _ in range(5):
        chip.call("read", 0)
    assert bench.transfers == 5


def test_the_clock_and_the_mode_are_those_of_the_table(converter, bench):
    bench.speed_hz, bench.mode = 125_000_000, 3
    converter().call("read", 0)
    assert (bench.speed_hz, bench.mode, bench.bits) == (1_000_000, 0, 8)


def test_another_clock_is_asked_for(converter, bench):
    converter(0, 0, 500_000).call("read", 0)
    assert bench.speed_hz == 500_000


def test_it_lets_go_of_the_device(converter, bench):
    chip = converter()
    assert (bench.opened, bench.closed) == (1, 0)
    chip.call("close")
    assert (bench.opened, bench.closed) == (1, 1)


@pytest.mark.parametrize(
    ("error", "said"),
    [(errno.ENOENT, "dtparam=spi=on"), (errno.EACCES, "usermod -aG spi")],
    ids=["absent", "denied"],
)
def test_a_device_that_cannot_be_opened_is_named_with_its_remedy(converter, bench, error, said):
    bench.breaks(Fault.OPEN_FAILS, error)
    with pytest.raises(RefusedError, match=rf"^/dev/spidev0\.1: .*{said}"):
        converter()


@pytest.mark.parametrize("error", [errno.EIO, errno.EBUSY, errno.ETIMEDOUT])
def test_a_transfer_that_fails_is_named_and_the_next_one_may_succeed(converter, bench, error):
    bench.counts[2] = 1234
    chip = converter()
    bench.breaks(Fault.TRANSFER_FAILS, error)
    with pytest.raises(RefusedError, match=r"^/dev/spidev0\.1: "):
        chip.call("read", 2)
    bench.breaks(Fault.NONE)
    assert chip.call("read", 2) == 1234


def test_a_data_line_that_stays_high_is_no_chip(converter, bench):
    chip = converter()
    bench.breaks(Fault.DATA_HIGH)
    with pytest.raises(RefusedError, match="no MCP3208 answers"):
        chip.call("read", 0)
    bench.breaks(Fault.NONE)
    assert chip.call("read", 0) == 0


def test_a_data_line_that_stays_low_reads_as_nothing(converter, bench):
    bench.counts[:] = [4095] * 8
    chip = converter()
    bench.breaks(Fault.DATA_LOW)
    assert {chip.call("read", channel) for channel in range(8)} == {0}
