"""All checks there are, in the order in which a system is best mended."""

from ddsp_pi.service.checks import (
    codec,
    computer,
    finish,
    installed,
    interrupts,
    libraries,
    mixer,
    pins,
    rights,
    running,
    settings,
    spi,
    time,
    units,
)
from ddsp_pi.service.findings import Check

CHECKS: tuple[Check, ...] = (
    *computer.CHECKS,
    *installed.CHECKS,
    *units.CHECKS,
    *libraries.CHECKS,
    *settings.CHECKS,
    *rights.CHECKS,
    *interrupts.CHECKS,
    *spi.CHECKS,
    *pins.CHECKS,
    *codec.CHECKS,
    *mixer.CHECKS,
    *finish.CHECKS,
    *time.CHECKS,
    *running.CHECKS,
)
"""Each has a name of its own."""
