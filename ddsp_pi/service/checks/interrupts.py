"""What the kernel may do for real time beyond what it does anyway."""

from ddsp_pi.service.findings import REBOOT, Check, Finding, ok, warning
from ddsp_pi.service.mends import WithWord
from ddsp_pi.service.view import View, has_boot, on_pi

THREADS = "threadirqs"


def _interrupts(view: View) -> Finding:
    assert view.boot is not None
    if view.host.text("/sys/kernel/realtime") == "1":
        return ok("a real-time kernel: they go below the sound")
    if THREADS in (view.host.text("/proc/cmdline") or "").split():
        return ok(f"{THREADS}: they go below the sound")
    if THREADS in (view.host.text(view.boot.cmdline) or "").split():
        return ok(f"{THREADS} in {view.boot.cmdline}, from the next start on")
    return warning(
        "an ordinary kernel: they go before the sound",
        WithWord(view.boot.cmdline, THREADS),
        by_hand="if it clicks while network or USB are busy: 'sudo ddsp-pi setup --realtime'",
        then=REBOOT,
    )


CHECKS = (
    Check(
        "interrupts",
        "Rights",
        "interrupts",
        "a burst of them, of network or USB, may hold the sound up; as threads they wait. That costs all "
        "drivers a little, and was never measured on a Pi, so it is done only with --realtime",
        _interrupts,
        (on_pi, has_boot),
        option="realtime",
    ),
)
