"""The computer: which Pi, how many bits, does it get enough current, does it stay cool, is there room."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from ddsp_pi.service.findings import Check, Finding, Status, fault, ok, skipped, warning
from ddsp_pi.service.strain import CAPPED_NOW, HOT_C, LOW_NOW, LOW_ONCE, TOO_HOT_C, celsius, throttled
from ddsp_pi.service.view import View, on_pi

SECTION = "Computer"


class Tier(NamedTuple):
    """What can honestly be said of some models, and what to do about it."""

    models: str
    status: Status
    said: str
    advice: str = ""


TIERS = (
    Tier(
        r"(4|5|Compute Module 4|Compute Module 5)", Status.OK, "meant for it; reckoned, never measured on one"
    ),
    Tier(
        r"(3|Zero 2|Compute Module 3)",
        Status.WARNING,
        "may play a voice or two; never tried",
        "set voices to 1 and audio.period to 256, or use a Pi 4 or 5",
    ),
    Tier("", Status.FAULT, "too slow, and mostly 32-bit only", "use a Raspberry Pi 4 or 5"),
)
"""The first that fits counts."""

_OWN_SUPPLY = (
    "give the Pi a supply of its own that keeps 5 V at its model's current (3 A for a Pi 4, 5 A for a Pi 5). "
    "A Terminal Tedium's regulator gives 1 A, which a Pi 4 exceeds: remove its power jumper then"
)
LITTLE_BYTES, TOO_LITTLE_BYTES = 500 << 20, 20 << 20


def _model(view: View) -> Finding:
    model = view.host.model
    if not model:
        return skipped(f"not a Raspberry Pi ({_machine(view)}): plays by --sim, OSC and files")
    tier = next(tier for tier in TIERS if re.match(f"Raspberry Pi {tier.models}", model))
    return Finding(tier.status, f"{model}: {tier.said}", by_hand=tier.advice)


def _machine(view: View) -> str:
    return view.host.text("/proc/sys/kernel/arch") or "another computer"


def _bits(view: View) -> Finding:
    if view.host.bits == 64:
        return ok(f"64-bit Python {_version(view)}")
    return fault(
        f"32-bit Python {_version(view)}: the system was installed as 32-bit",
        by_hand="write 64-bit Raspberry Pi OS to the card (Raspberry Pi Imager: 'Raspberry Pi OS (64-bit)')",
    )


def _version(view: View) -> str:
    return ".".join(map(str, view.host.python))


def _power(view: View) -> Finding:
    bits = throttled(view.host)
    if bits is None:
        return skipped("the firmware does not say")
    if bits & LOW_NOW:
        return fault("the supply is below 4.63 V now", by_hand=_OWN_SUPPLY)
    if bits & CAPPED_NOW:
        return fault("the processor is slowed down now", by_hand=f"cool it, and {_OWN_SUPPLY}")
    if bits & LOW_ONCE:
        return warning("the supply was below 4.63 V at least once since the start", by_hand=_OWN_SUPPLY)
    return ok("no under-voltage since the start")


def _temperature(view: View) -> Finding:
    degrees = celsius(view.host)
    if degrees is None:
        return skipped("no thermometer here")
    advice = "give it a heat sink or a fan, or room above it in the case"
    if degrees >= TOO_HOT_C:
        return fault(f"{degrees:.0f} °C: it slows down", by_hand=advice)
    if degrees >= HOT_C:
        return warning(f"{degrees:.0f} °C: it slows down from {TOO_HOT_C:.0f} °C on", by_hand=advice)
    return ok(f"{degrees:.0f} °C")


def _disk(view: View) -> Finding:
    folder = view.probes.data_folder()
    there = next(parent for parent in (folder, *folder.parents) if view.host.exists(str(parent)))
    state = view.host.statvfs(view.host.path(str(there)))
    free, place = state.f_bavail * state.f_frsize, f"{folder}"
    if state.f_flag & os.ST_RDONLY:
        return warning(f"{place} is read-only: what is set today is forgotten", *_remount(view, there))
    if free < TOO_LITTLE_BYTES:
        return fault(f"{place}: {free >> 20} MB are free", *_ROOM)
    if free < LITTLE_BYTES:
        return warning(f"{place}: {free >> 20} MB are free", *_ROOM)
    return ok(f"{place}: {free / (1 << 30):.1f} GB are free")


_ROOM = ("sudo apt-get clean", "sudo journalctl --vacuum-size=50M")


def _remount(view: View, folder: Path) -> tuple[str, ...]:
    rows = [line.split() for line in view.host.lines("/proc/mounts")]
    mounts = {row[1] for row in rows if len(row) > 1} & {str(each) for each in (folder, *folder.parents)}
    return (f"sudo mount -o remount,rw {max(mounts, key=len, default='/')}",)


CHECKS = (
    Check("model", SECTION, "Raspberry Pi", "the model decides how many voices it can play", _model),
    Check("bits", SECTION, "64-bit system", "there is no onnxruntime and no numpy for 32-bit systems", _bits),
    Check(
        "power",
        SECTION,
        "power supply",
        "with too little voltage the Pi slows down, and the sound breaks up",
        _power,
        needs=(on_pi,),
    ),
    Check(
        "temperature",
        SECTION,
        "temperature",
        "a hot Pi slows down, and the sound breaks up",
        _temperature,
    ),
    Check(
        "disk",
        SECTION,
        "room for your own",
        "instruments, calibration and settings are kept there",
        _disk,
    ),
)
