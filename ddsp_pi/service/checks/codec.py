"""The codec of the board: its overlay, its driver on I²C, its sound card, and who plays on it."""

import re
from typing import NamedTuple

from ddsp_pi.rack.spec import Codec
from ddsp_pi.service.bootfiles import BootFiles, BootLine
from ddsp_pi.service.detect import boards
from ddsp_pi.service.findings import REBOOT, Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.header import place
from ddsp_pi.service.sound import card_of, cards, listed, user_of
from ddsp_pi.service.view import View, has_boot, has_codec, on_pi, rack_here

SECTION = "Codec"

SOUND_OVERLAYS = (
    *(
        "allo-",
        "applepi-dac",
        "audioinjector-",
        "audiosense-pi",
        "chipdip-dac",
        "cirrus-wm5102",
        "dacberry400",
    ),
    *(
        "dionaudio-",
        "draws",
        "fe-pi-audio",
        "googlevoicehat-",
        "hifiberry-",
        "i-sabre-",
        "i2s-dac",
        "i2s-master-",
    ),
    *("interludeaudio-", "iqaudio-", "iqaudio", "justboom-", "max98357a", "mbed-dac", "merus-amp", "pibell"),
    *(
        "pifi-",
        "pisound",
        "proto-codec",
        "rpi-cirrus",
        "rpi-codeczero",
        "rpi-dac",
        "rpi-digiamp",
        "rpi-proto",
    ),
    *("rra-digidac1", "superaudioboard", "tlv320", "udrc", "ugreen-dabboard", "wm8960-"),
)
"""How overlays are called that bring a sound card on the pins of I²S, where only one can be."""


class Kernels(NamedTuple):
    """Kernels, first and last, in which a codec does not work on some models."""

    codec: str
    models: str
    first: tuple[int, ...]
    last: tuple[int, ...]
    said: str


KERNELS = (
    Kernels("WM8731", "", (5, 19, 0), (6, 1, 13), "from 5.19 to 6.1.13 its overlays brought no card"),
    Kernels("WM8731", "", (6, 1, 74), (6, 1, 74), "in 6.1.74 its card is there, but does not play"),
    Kernels("WM8731", "Raspberry Pi 5", (6, 1, 0), (6, 1, 72), "on a Pi 5 it plays from 6.1.73 on"),
)
"""From issues 5364, 5927 and 5817 of github.com/raspberrypi/linux."""

_UPGRADE = ("sudo apt update", "sudo apt full-upgrade")


def _overlay(view: View) -> Finding:
    assert view.boot is not None
    boot, codec = view.boot, view.codec
    right = [line for line in boot.overlays() if line.overlay in codec.overlays]
    wrong = [line for line in boot.overlays() if line.applies and _is_other(line, codec)]
    active = [line for line in right if line.applies]
    add = boot.add(f"dtoverlay={codec.overlays[0]}")
    if wrong:
        mend = [*map(boot.comment, wrong), *(() if active else (add,))]
        return fault(_wrong_overlay(boot, codec, wrong), *mend, then=REBOOT)
    if active:
        return ok(f"{active[0]} in line {active[0].number} of {boot.config}")
    if card_of(view.host, codec) is None:
        return fault(_no_overlay(boot, codec, right), add, then=REBOOT)
    return warning(
        f"no dtoverlay={_or(codec)} in {boot.config}, though the codec's card is here",
        add,
        why="what loaded its driver may not do so at the next start",
    )


def _wrong_overlay(boot: BootFiles, codec: Codec, wrong: list[BootLine]) -> str:
    where = ", ".join(f"{line} in line {line.number} of {boot.config}" for line in wrong)
    return f"{where} is for another codec than this board's {codec.name}, which needs {_or(codec)}"


def _no_overlay(boot: BootFiles, codec: Codec, elsewhere: list[BootLine]) -> str:
    if elsewhere:
        line = elsewhere[-1]
        return f"{line} in line {line.number} of {boot.config} is under [{line.section}], not for this model"
    stale = [line for line in boot.stale_lines if line.overlay in codec.overlays]
    if stale:
        return f"{stale[0]} stands in {boot.stale}, which is not read"
    return f"no dtoverlay={_or(codec)} in {boot.config}"


def _is_other(line: BootLine, codec: Codec) -> bool:
    if line.overlay in codec.overlays:
        return False
    return line.overlay.startswith((*SOUND_OVERLAYS, *_overlays_of_boards()))


def _overlays_of_boards() -> list[str]:
    codecs = [board.codec for board in boards() if board.codec]
    return [name for codec in codecs for name in codec.overlays]


def _or(codec: Codec) -> str:
    return " or ".join(codec.overlays)


def _i2c(view: View) -> Finding:
    """The driver binds only if the chip has answered, so its link is a proof."""
    codec, address = view.codec, view.codec.i2c_address
    if address is None:
        return skipped(f"the {codec.name} needs no I²C")
    device = f"/sys/bus/i2c/devices/1-{address:04x}"
    driver = view.host.link(f"{device}/driver").rpartition("/")[2]
    if driver:
        return ok(f"the {codec.name} answered at 0x{address:02x}; {driver} drives it")
    if view.host.exists(device):
        return fault(
            f"the {codec.name} does not answer at 0x{address:02x} of I²C bus 1",
            by_hand=f"check that the board sits firmly: {_i2c_wires(view)}; 'sudo dmesg | grep -i wm8731' "
            "says what the driver met",
        )
    if not view.host.exists("/sys/bus/i2c/devices/i2c-1"):
        return _no_bus(view)
    return fault(
        f"nothing claims 0x{address:02x} on I²C bus 1: the codec's overlay is not loaded",
        by_hand="mend the overlay (above)",
        then=REBOOT,
    )


def _no_bus(view: View) -> Finding:
    if view.boot is None:
        return fault("there is no I²C bus 1", by_hand="switch I²C on the way this system does it")
    if view.boot.switched_on("i2c_arm"):
        return fault(
            "there is no I²C bus 1, though dtparam=i2c_arm=on", by_hand="start it again", then=REBOOT
        )
    return fault(
        f"there is no I²C bus 1: no dtparam=i2c_arm=on in {view.boot.config}",
        view.boot.add("dtparam=i2c_arm=on"),
        then=REBOOT,
    )


def _i2c_wires(view: View) -> str:
    assert view.board is not None
    pins = {name: pin for name, pin in view.board.bus_pins.items() if name.startswith("I²C")}
    return ", ".join(f"{name} at {place(pin)}" for name, pin in pins.items())


def _card(view: View) -> Finding:
    codec, card, trouble = view.codec, card_of(view.host, view.codec), _kernel_trouble(view)
    if card is None:
        return _no_card(codec, listed(cards(view.host)), trouble)
    if trouble:
        return fault(f"card {card.number} is {card.id}{trouble}", *_UPGRADE, then=REBOOT)
    return ok(f"card {card.number} is {card.id}")


def _no_card(codec: Codec, there: str, trouble: str) -> Finding:
    return fault(
        f"no sound card called {' or '.join(codec.card_ids)}; there are: {there}{trouble}",
        *(_UPGRADE if trouble else ()),
        by_hand="mend overlay and I²C (above) first; 'sudo dmesg | grep -i asoc' says what the driver met",
        then=REBOOT,
    )


def _kernel_trouble(view: View) -> str:
    release = view.host.text("/proc/sys/kernel/osrelease") or ""
    here = tuple(int(number) for number in re.findall(r"\d+", release)[:3])
    said = [
        row.said
        for row in KERNELS
        if row.codec == view.codec.name
        and view.host.model.startswith(row.models)
        and row.first <= here <= row.last
    ]
    return f"; the kernel is {release}, and {'; '.join(said)}" if said else ""


def _busy(view: View) -> Finding:
    card = card_of(view.host, view.codec)
    if card is None:
        return skipped("its card is not there")
    user = user_of(view.host, card)
    if user is None or user.ours:
        return ok("nobody plays on it" if user is None else "ddsp-pi plays on it")
    if view.config is not None and view.config.audio.backend == "jack" and user.name.startswith("jack"):
        return ok(f"{user}, which audio.backend asks for")
    return fault(
        f"{card.id} is in use by {user}",
        f"sudo kill {user.pid}",
        by_hand="see what starts it, and switch that off",
    )


CHECKS = (
    Check(
        "overlay",
        SECTION,
        "overlay",
        "it tells the kernel which codec is on the board",
        _overlay,
        (on_pi, has_codec, has_boot),
    ),
    Check("codec-i2c", SECTION, "codec on I²C", "the codec is set up over it", _i2c, (rack_here, has_codec)),
    Check(
        "codec-card", SECTION, "codec's card", "the sound goes out through it", _card, (rack_here, has_codec)
    ),
    Check(
        "codec-busy",
        SECTION,
        "codec to ourselves",
        "only one program can play on the codec",
        _busy,
        (rack_here, has_codec),
    ),
)
