"""Clocks: the time of day, and what the kernel measures time by."""

from datetime import UTC, datetime

from ddsp_pi.service.findings import Check, Finding, ok, skipped, warning
from ddsp_pi.service.view import View

SECTION = "Time"

BUILD_YEAR = 2026
"""Before that, this was not written."""

_SLOW = {"hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies"}
_SYNCHRONIZED = "/run/systemd/timesync/synchronized"


def _time_of_day(view: View) -> Finding:
    now = datetime.fromtimestamp(view.host.now(), UTC)
    said = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.year < BUILD_YEAR:
        return warning(
            f"{said}: a Pi without a clock battery starts in the past",
            "sudo timedatectl set-ntp true",
            by_hand="connect it to a network once",
        )
    return ok(said + (", by the network" if view.host.exists(_SYNCHRONIZED) else ""))


def _clock_source(view: View) -> Finding:
    source = view.host.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source is None:
        return skipped("this system does not say")
    if source in _SLOW:
        return warning(
            f"{source}: reading it takes microseconds",
            by_hand="take 'clocksource=' out of the kernel's arguments; 'sudo dmesg' says why it chose it",
        )
    return ok(source)


CHECKS = (
    Check(
        "clock",
        SECTION,
        "time of day",
        "dates in the log are wrong, and downloads are refused; playing does not need it",
        _time_of_day,
    ),
    Check("clock-source", SECTION, "kernel clock", "gates are timed by it", _clock_source),
)
