"""The MCP3208 through the kernel's spidev."""

import random
import threading
import time
from dataclasses import replace

import pytest

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.mcp3208 import CHANNELS, Mcp3208
from ddsp_pi.rack.spec import Spi
from tests.guest.inside.panel import until

LOW, HIGH = [111 * channel for channel in range(CHANNELS)], [4095 - channel for channel in range(CHANNELS)]


@pytest.fixture
def driver(converter):
    driver = Mcp3208.open(Spi())
    yield driver
    driver.close()


def test_every_channel_reads_its_exact_counts(driver, converter):
    for _ in range(100):
        counts = [random.randrange(4096) for _ in range(CHANNELS)]
        converter.set(counts)
        assert [driver.read(channel) for channel in range(CHANNELS)] == counts


def test_both_ends_of_the_range_are_read(driver, converter):
    for counts in ([0] * CHANNELS, [4095] * CHANNELS):
        converter.set(counts)
        assert [driver.read(channel) for channel in range(CHANNELS)] == counts


def test_counts_that_change_while_they_are_read_are_one_or_the_other(driver, converter):
    stop = threading.Event()

    def turn():
        while not stop.wait(0.001):
            for counts in (LOW, HIGH):
                converter.set(counts)
                time.sleep(0.001)

    def read_both(channel):
        seen = set()
        assert until(lambda: seen.add(driver.read(channel)) or len(seen) > 1)
        return seen

    converter.set(LOW)
    player = threading.Thread(target=turn)
    player.start()
    seen = [read_both(channel) for channel in range(CHANNELS)]
    stop.set()
    player.join()
    assert seen == [{low, high} for low, high in zip(LOW, HIGH, strict=True)]


def test_a_conversion_is_one_transfer_and_asks_no_other_channel(driver, converter):
    transfers, before = converter.asked("transfers"), converter.conversions()
    driver.read(5)
    assert converter.asked("transfers") == transfers + 1
    assert [now - then for now, then in zip(converter.conversions(), before, strict=True)] == [
        0, 0, 0, 0, 0, 1, 0, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(("hz", "mode"), [(1_000_000, 0), (500_000, 0), (1_000_000, 3)])
def test_clock_and_mode_are_as_configured(converter, hz, mode):
    driver = Mcp3208.open(replace(Spi(), hz=hz, mode=mode))
    converter.set(HIGH)
    assert driver.read(7) == HIGH[7]
    driver.close()
    assert (converter.asked("last_hz"), converter.asked("last_mode")) == (hz, mode)


def test_a_chip_that_is_cut_off_is_named_and_may_come_back(driver, converter):
    converter.set(HIGH)
    converter.cut_off(1)
    with pytest.raises(BoardError, match=r"/dev/spidev0\.1: no MCP3208 answers"):
        driver.read(0)
    converter.connect()
    assert driver.read(0) == HIGH[0]


def test_a_device_file_that_is_not_there_says_how_it_gets_there(converter):
    with pytest.raises(BoardError, match=r"/dev/spidev0\.0: No such file.*dtparam=spi=on"):
        Mcp3208.open(replace(Spi(), device=0))
