"""All checks there are, in the order in which a system is best mended."""

from ddsp_pi.service.checks import codec, computer, libraries, mixer, pins, rights, settings, spi, time
from ddsp_pi.service.findings import Check

CHECKS: tuple[Check, ...] = (
    *computer.CHECKS,
    *libraries.CHECKS,
    *settings.CHECKS,
    *rights.CHECKS,
    *spi.CHECKS,
    *pins.CHECKS,
    *codec.CHECKS,
    *mixer.CHECKS,
    *time.CHECKS,
)
"""Each has a name of its own."""
