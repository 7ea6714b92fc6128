"""Tests that need the guest's kernel; elsewhere they are not collected: `make guest` runs them."""

import os

import pytest

from tests.guest.inside import panel

collect_ignore_glob = [] if panel.exists() else ["test_*.py"]

REVISION_OF_A_PI_4 = "c03114"


@pytest.fixture(scope="session", autouse=True)
def as_on_a_pi():
    """Tells rpi-lgpio, which looks at the processor otherwise, where it is."""
    os.environ["RPI_LGPIO_REVISION"] = REVISION_OF_A_PI_4
    os.environ["RPI_LGPIO_CHIP"] = panel.chip_path().name.removeprefix("gpiochip")


@pytest.fixture
def converter():
    """The simulated chip, connected, and all channels in the middle."""
    converter = panel.SimulatedConverter()
    converter.connect()
    converter.set([2048] * 8)
    yield converter
    converter.connect()
