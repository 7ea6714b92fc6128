"""The GPIO lines of gates, buttons and LED: the right chip, and nobody else on them."""

from collections.abc import Iterable, Mapping

from ddsp_pi.service.bootfiles import BootFiles, BootLine
from ddsp_pi.service.findings import LOGIN, REBOOT, Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.header import place
from ddsp_pi.service.mends import Command, Mend, WithoutWord
from ddsp_pi.service.view import View, has_board, has_boot, on_pi, rack_here

SECTION = "Gates and buttons"

LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Chips that drive the 40-pin header: Pi 5, Pi 4, older ones. Their numbers differ from kernel to kernel."""

OURS = "ddsp-pi"
"""How our own programs call themselves as users of a line."""

_CONSOLES = ("serial0", "ttyS0", "ttyAMA0")
_UART_PINS = (14, 15)
_I2C_PINS = (2, 3)

_FREEING: Mapping[str, str] = {
    "onewire": "take dtoverlay=w1-gpio out of config.txt, or give it another pin",
    "w1": "take dtoverlay=w1-gpio out of config.txt, or give it another pin",
    "sysfs": "a program took it through /sys/class/gpio: 'echo NUMBER | sudo tee /sys/class/gpio/unexport'",
    "spi": "give SPI other chip selects than this board's pins",
}
"""What to do about users of a line, by how they call themselves."""


def _chip(view: View) -> Finding:
    labels, refused = _labels(view)
    header = {path: label for path, label in labels.items() if label in LABELS}
    if header:
        return ok(", ".join(f"{label} is {path}" for path, label in header.items()))
    if refused:
        return fault(f"{', '.join(refused)} may not be used", "sudo usermod -aG gpio $USER", then=LOGIN)
    seen = f"only {', '.join(labels.values())}" if labels else "no /dev/gpiochip*"
    return fault(
        f"{seen}: none of {', '.join(LABELS)}",
        by_hand="use the kernel of Raspberry Pi OS: 'sudo apt full-upgrade'; 'gpiodetect' lists the chips",
    )


def _labels(view: View) -> tuple[dict[str, str], list[str]]:
    """The labels of the chips by device file, and the chips that refused to say."""
    labels: dict[str, str] = {}
    refused = []
    for path in view.host.glob("/dev/gpiochip*"):
        # Pi OS links an old name to a new one.
        if view.host.link(path):
            continue
        try:
            labels[path] = view.host.gpio.label(view.host.path(path))
        except OSError:
            refused.append(path)
    return labels, refused


def _lines(view: View) -> Finding:
    labels, _ = _labels(view)
    path = next((path for path, label in labels.items() if label in LABELS), None)
    if path is None:
        return skipped("there is no chip to ask")
    users = view.host.gpio.users(view.host.path(path), view.lines)
    others = {pin: user for pin, user in users.items() if not user.startswith(OURS)}
    if others:
        return fault(
            "; ".join(f"{view.lines[pin]}, {place(pin)}, is used by {user}" for pin, user in others.items()),
            by_hand="; ".join(dict.fromkeys(map(_freeing, others.values()))),
        )
    return ok("ddsp-pi uses them" if users else f"none of the {len(view.lines)} is used by anybody else")


def _freeing(user: str) -> str:
    advice = next((told for start, told in _FREEING.items() if user.startswith(start)), None)
    return advice or f"stop the program that calls itself {user!r}"


def _console(view: View) -> Finding:
    pin = next((pin for pin in _UART_PINS if pin in view.lines), None)
    if view.boot is None or pin is None:
        return skipped("this board has nothing on the serial port's pins")
    consoles, gettys = _speakers(view, view.boot), _gettys(view)
    mends: tuple[Mend, ...] = (
        *(WithoutWord(view.boot.cmdline, f"console={name}") for name in consoles),
        *(Command(f"systemctl disable --now {unit}", f"systemctl enable --now {unit}") for unit in gettys),
        *map(view.boot.comment, _uart_lines(view.boot)),
    )
    if consoles or gettys:
        what = [f"console={name} in {view.boot.cmdline}" for name in consoles] + gettys
        return fault(f"on {place(pin)}, {view.lines[pin]}: {', '.join(what)}", *mends, then=REBOOT)
    if mends:
        return warning(
            f"enable_uart=1 gives {place(pin)}, {view.lines[pin]}, to the serial port", *mends, then=REBOOT
        )
    return ok(f"it leaves {place(pin)} alone")


def _speakers(view: View, boot: BootFiles) -> list[str]:
    """The kernel's consoles that come out at the header. On a Pi 5, serial0 has a socket of its own."""
    words = (view.host.text(boot.cmdline) or view.host.text("/proc/cmdline") or "").split()
    named = [word.removeprefix("console=").partition(",")[0] for word in words if word.startswith("console=")]
    elsewhere = view.host.link("/dev/serial0").endswith("ttyAMA10")
    return [name for name in named if name in _CONSOLES and not (name == "serial0" and elsewhere)]


def _gettys(view: View) -> list[str]:
    units = view.host.glob("/etc/systemd/system/getty.target.wants/serial-getty@*.service")
    named = [unit.rpartition("/")[2] for unit in units]
    running = view.host.run(
        ("systemctl", "list-units", "--plain", "--no-legend", "--state=active", "serial-getty@*")
    )
    named += [line.split()[0] for line in running.out.splitlines() if line.split()]
    return [unit for unit in dict.fromkeys(named) if any(f"@{name}." in unit for name in _CONSOLES)]


def _uart_lines(boot: BootFiles) -> list[BootLine]:
    lines = [line for line in boot.lines if line.key == "enable_uart" and line.applies]
    return lines[-1:] if lines and lines[-1].value == "1" else []


def _i2c_off(view: View) -> Finding:
    gates = [view.lines[pin] for pin in _I2C_PINS if pin in view.lines]
    if not gates:
        return skipped("this board has no gates on the pins of I²C")
    if not view.host.exists("/sys/bus/i2c/devices/i2c-1"):
        return ok(f"I²C is off, as {_and(gates)} need it")
    on = [line for line in view.boot.lines if line.param in _I2C_ON and line.applies] if view.boot else []
    return fault(
        f"I²C is on, and {_and(gates)} are on its pins, {_and(map(place, _I2C_PINS))}",
        *(view.boot.comment(line) for line in on if view.boot),
        by_hand="" if on else "take the overlay that brings I²C out of config.txt",
        then=REBOOT,
    )


_I2C_ON = (("i2c_arm", True), ("i2c", True), ("i2c1", True))


def _and(words: Iterable[str]) -> str:
    return " and ".join(words)


CHECKS = (
    Check(
        "gpio-chip",
        SECTION,
        "GPIO chip",
        "gates, buttons and the LED are lines of it, found by its label",
        _chip,
        (rack_here,),
    ),
    Check(
        "gpio-lines",
        SECTION,
        "GPIO lines",
        "a line that another program has cannot be a gate",
        _lines,
        (rack_here, has_board),
    ),
    Check(
        "serial-console",
        SECTION,
        "serial console",
        "it speaks on the pin of a gate, and whoever plays that gate types commands",
        _console,
        (on_pi, has_board, has_boot),
    ),
    Check(
        "i2c-off",
        SECTION,
        "I²C off",
        "two lines cannot be a bus and gates at once",
        _i2c_off,
        (rack_here, has_board),
    ),
)
