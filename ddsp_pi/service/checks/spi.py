"""The CV converter, from the firmware's settings to the counts that it answers."""

import stat
from collections.abc import Mapping, Sequence

from ddsp_pi.errors import BoardError
from ddsp_pi.rack.spec import FULL_SCALE, BoardSpec
from ddsp_pi.service.bootfiles import BootFiles
from ddsp_pi.service.findings import LOGIN, REBOOT, Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.header import place
from ddsp_pi.service.users import holders
from ddsp_pi.service.view import View, has_board, has_boot, on_pi, rack_here

SECTION = "CV converter"

_CONFUSED = "which of the two files counts is a riddle for whoever edits them next"


def _boot_file(view: View) -> Finding:
    assert view.boot is not None
    boot = view.boot
    ignored = [str(line) for line in boot.stale_lines if line.key in ("dtparam", "dtoverlay")]
    if ignored:
        return warning(
            f"{boot.config} is read; {boot.stale} is not, and has: {', '.join(ignored)}",
            f"sudo mv {boot.stale} {boot.stale}.unused",
            by_hand=f"move what you need of it into {boot.config} first",
            why=_CONFUSED,
        )
    return ok(f"{boot.config} is the one that is read")


def _device(view: View) -> Finding:
    path, name = view.spi.path, f"spi{view.spi.bus}.{view.spi.device}"
    if view.host.exists(path):
        return ok(f"{path} is there")
    driver = view.host.link(f"/sys/bus/spi/devices/{name}/driver").rpartition("/")[2]
    if driver not in ("", "spidev"):
        return fault(
            f"{path} is not there: the kernel's driver {driver} has that chip select",
            by_hand=f"take the overlay that brings {driver} out of config.txt",
            then=REBOOT,
        )
    return _missing(view, path)


def _missing(view: View, path: str) -> Finding:
    others = view.host.glob("/dev/spidev*")
    boot = view.boot
    if boot is None:
        return fault(f"{path} is not there", by_hand="switch SPI on the way this system does it")
    one_select = [line for line in boot.overlays() if line.overlay == "spi0-1cs"]
    if one_select:
        return fault(
            f"{path} is not there: {one_select[0]} leaves only one chip select",
            boot.comment(one_select[0]),
            then=REBOOT,
        )
    if boot.switched_on("spi"):
        said = f", only {', '.join(others)}" if others else ""
        return fault(
            f"{path} is not there{said}, though dtparam=spi=on stands in {boot.config}",
            by_hand="if it has been started again since, 'sudo dmesg | grep -i spi' says more",
            then=REBOOT,
        )
    return fault(f"{path} is not there: {_why_off(boot)}", boot.add("dtparam=spi=on"), then=REBOOT)


def _why_off(boot: BootFiles) -> str:
    lines = boot.params("spi")
    if any(line.param == ("spi", True) for line in boot.stale_lines):
        return f"dtparam=spi=on stands in {boot.stale}, which is not read"
    if lines and not lines[-1].applies:
        last = lines[-1]
        return f"{last} in line {last.number} of {boot.config} is under [{last.section}], not for this model"
    if lines:
        return f"{lines[-1]} in line {lines[-1].number} of {boot.config}"
    return f"no dtparam=spi=on in {boot.config}"


def _access(view: View) -> Finding:
    path = view.spi.path
    if not view.host.exists(path):
        return skipped(f"{path} is not there")
    if view.host.usable(path):
        return ok(f"{path} may be read and written")
    mode = stat.filemode(view.host.path(path).stat().st_mode)
    return fault(f"{path} ({mode}) may not be used", "sudo usermod -aG spi $USER", then=LOGIN)


def _busy(view: View) -> Finding:
    path = view.spi.path
    if not view.host.exists(path):
        return skipped(f"{path} is not there")
    found = holders(view.host, path)
    others = [process for process in found if not process.ours]
    if others:
        return warning(
            f"{path} is in use by {', '.join(map(str, others))}",
            *(f"sudo kill {process.pid}" for process in others),
            by_hand="see what starts it, and switch that off",
        )
    return ok("ddsp-pi uses it" if found else "nobody uses it")


def _answers(view: View) -> Finding:
    """Ask the chip itself; the conversions of one channel differ by noise, those of all by their knobs."""
    assert view.board is not None
    board = view.board
    if not view.host.exists(board.spi.path) or not view.host.usable(board.spi.path):
        return skipped(f"{board.spi.path} cannot be opened")
    try:
        found = view.probes.read_counts(board.spi, [cv.channel for cv in board.cvs])
    except ImportError:
        return skipped("spidev is not installed")
    except BoardError as error:
        # Elsewhere this would be the right advice.
        said = str(error).replace("; see 'ddsp-pi doctor'", "")
        return fault(said, by_hand=_wires(board))
    return _judged(board, found)


def _judged(board: BoardSpec, found: Mapping[int, Sequence[int]]) -> Finding:
    counts = {count for row in found.values() for count in row}
    said = ", ".join(f"CV {jack} {found[cv.channel][-1]}" for jack, cv in enumerate(board.cvs, 1))
    if len(counts) > 1:
        return ok(f"it answers: {said}")
    count = counts.pop()
    what = f"all channels read {count}, always"
    if count in (0, FULL_SCALE):
        return _at_the_end(board, what, count)
    return fault(f"{what}: it never hears which one is asked for", by_hand=_wires(board, ("MOSI", "SCLK")))


def _at_the_end(board: BoardSpec, what: str, count: int) -> Finding:
    """Jacks without a knob or a bias rest at one end of the range; then silence tells nothing."""
    resting = all(not cv.pot and cv.counts(0.0) == count for cv in board.cvs)
    if resting:
        return warning(
            f"{what}: no cable is in, or no chip answers",
            by_hand=f"patch 5 V into any jack and look again; if nothing moves: {_wires(board)}",
        )
    turn = "unless all knobs stand at the same end: turn one to the middle and look again. Then: "
    return fault(what, by_hand=turn + _wires(board))


def _wires(board: BoardSpec, names: tuple[str, ...] = ("MISO", "CE")) -> str:
    pins = [
        f"{name} at {place(pin)}"
        for name, pin in board.bus_pins.items()
        if name.startswith("SPI") and any(part in name for part in names)
    ]
    return f"check the wires {', '.join(pins)}, and the chip's supply and reference (Vdd, Vref)"


CHECKS = (
    Check(
        "boot-file",
        SECTION,
        "config.txt",
        "since bookworm it is in /boot/firmware; a line in the other file does nothing",
        _boot_file,
        (on_pi, has_boot),
    ),
    Check("spi", SECTION, "SPI", "the CV jacks are read over it", _device, (rack_here,)),
    Check(
        "spi-access", SECTION, "SPI permission", "without it the CV jacks stay silent", _access, (rack_here,)
    ),
    Check(
        "spi-busy",
        SECTION,
        "SPI to ourselves",
        "another program may set the bus to a clock or a mode that the converter does not bear",
        _busy,
        (rack_here,),
    ),
    Check(
        "converter",
        SECTION,
        "converter",
        "what the jacks read comes from it",
        _answers,
        (rack_here, has_board),
    ),
)
