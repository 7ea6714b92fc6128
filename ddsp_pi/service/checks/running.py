"""Whether the module plays now."""

from ddsp_pi.places import SERVICE, UNITS
from ddsp_pi.service.findings import Check, Finding, fault, ok, skipped
from ddsp_pi.service.mends import Command
from ddsp_pi.service.view import View, as_service

SECTION = "Service"

_SAFE = "ddsp-pi-safe.service"


def _service(view: View) -> Finding:
    if not view.host.exists("/run/systemd/system"):
        return skipped("systemd does not run here")
    if not view.host.exists(str(UNITS / SERVICE)):
        return fault(f"there is no {SERVICE}", by_hand="mend the units first (above)")
    state = _state(view, SERVICE)
    if state in ("active", "activating", "reloading"):
        return ok(f"{SERVICE} is {state}")
    if _state(view, _SAFE) == "active":
        return fault(
            f"{_SAFE} plays: {SERVICE} fell again and again",
            f"journalctl -b -u {SERVICE} -p warning",
            by_hand="the journal says why; mend that, then 'sudo systemctl start ddsp-pi'",
        )
    if view.wish is not None and not view.wish.start:
        return ok(f"{SERVICE} is {state}: it plays from the next start on")
    start = Command(f"systemctl start {SERVICE}", f"systemctl stop {SERVICE}")
    return fault(
        f"{SERVICE} is {state}", start, by_hand=f"if it falls: 'journalctl -b -u {SERVICE}' says why"
    )


def _state(view: View, unit: str) -> str:
    return view.host.run(("systemctl", "is-active", unit)).out.strip() or "unknown"


CHECKS = (
    Check("service", SECTION, "service", "then it plays without anybody logging in", _service, (as_service,)),
)
