"""What this user may: use the hardware, play in real time, keep its memory."""

import re

from ddsp_pi.places import UNITS
from ddsp_pi.service.findings import LOGIN, Check, Finding, fault, ok, skipped, warning
from ddsp_pi.service.mends import Command
from ddsp_pi.service.users import Me, groups, me
from ddsp_pi.service.view import View, on_pi, rack_here

SECTION = "Rights"

GROUPS = {"spi": "the CV converter", "gpio": "gates, buttons and the LED", "audio": "the sound card"}
"""What membership in each opens."""

PRIORITY = 70
"""That the engine asks for."""

_SYS_NICE, _IPC_LOCK = 23, 14
"""Numbers of capabilities, from linux/capability.h."""

_LIMITS_FILE = "/etc/security/limits.d/audio.conf"
_UNITS = ("/etc/systemd/system/ddsp-pi*.service", "/etc/systemd/system/ddsp-pi*.service.d/*.conf")
_DROP_IN = "/etc/systemd/system/ddsp-pi.service.d"
_GOVERNORS = "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"
_TMPFILES = "/etc/tmpfiles.d/ddsp-pi.conf"
_GOVERNOR_UNIT = "ddsp-pi-governor.service"
_GOVERNOR = Command(f"systemctl restart {_GOVERNOR_UNIT}")
_SETTER = Command("systemctl disable raspi-config", "systemctl enable raspi-config")


def _groups(view: View) -> Finding:
    here = me(view.host)
    known = groups(view.host)
    if here is None:
        return skipped("this system does not say")
    if here.uid == 0:
        return ok("root may use everything")
    lacking = [name for name in GROUPS if name in known and known[name].gid not in here.gids]
    if not lacking:
        return ok(f"{here.name} is in {', '.join(name for name in GROUPS if name in known)}")
    return _lacking(here, lacking, [n for n in lacking if not _belongs(here, known[n].members, known[n].gid)])


def _belongs(here: Me, members: frozenset[str], gid: int) -> bool:
    return here.name in members or here.login_gid == gid


def _lacking(here: Me, lacking: list[str], to_add: list[str]) -> Finding:
    opened = "; ".join(f"{name} opens {GROUPS[name]}" for name in lacking)
    if not to_add:
        return fault(
            f"{here.name} is in {', '.join(lacking)}, but was logged in before that",
            by_hand=LOGIN,
            why=opened,
        )
    return fault(
        f"{here.name} is not in group {', '.join(to_add)}",
        f"sudo usermod -aG {','.join(to_add)} {here.name}",
        then=LOGIN,
        why=opened,
    )


def _priority(view: View) -> Finding:
    return _limit(
        view, _SYS_NICE, "LimitRTPRIO", "Max realtime priority", PRIORITY, f"@audio - rtprio {PRIORITY + 25}"
    )


def _memory(view: View) -> Finding:
    return _limit(
        view, _IPC_LOCK, "LimitMEMLOCK", "Max locked memory", float("inf"), "@audio - memlock unlimited"
    )


def _limit(view: View, capability: int, key: str, title: str, needed: float, row: str) -> Finding:
    """The service's unit decides where there is one, else the limits of this login."""
    unit = _unit_value(view, key)
    if unit is not None:
        return _unit_limit(unit, key, needed)
    here, soft = me(view.host), _soft_limit(view, title)
    if here is None or soft is None:
        return skipped("this system does not say")
    if here.may(capability):
        return ok("allowed, whatever the limit")
    if soft >= needed:
        return ok(f"{title.lower()}: {_said(soft)}")
    return warning(
        f"{title.lower()} of this login: {_said(soft)}, where {_said(needed)} is needed",
        f"echo '{row}' | sudo tee -a {_LIMITS_FILE}",
        f"sudo usermod -aG audio {here.name}",
        then=LOGIN,
    )


def _unit_limit(value: str, key: str, needed: float) -> Finding:
    if _number(value) >= needed:
        return ok(f"{key}={value} in the service's unit")
    said = "infinity" if needed == float("inf") else str(PRIORITY + 25)
    return warning(
        f"{key} is {value or 'not set'} in the service's unit",
        f"sudo mkdir -p {_DROP_IN}",
        f"printf '[Service]\\n{key}={said}\\n' | sudo tee {_DROP_IN}/{key}.conf",
        "sudo systemctl daemon-reload",
        "sudo systemctl restart ddsp-pi.service",
    )


def _unit_value(view: View, key: str) -> str | None:
    """What the unit and what was put over it say last; empty: nothing; None: there is no unit."""
    names = [name for pattern in _UNITS for name in view.host.glob(pattern)]
    if not names:
        return None
    rows = [line.partition("=")[::2] for name in names for line in view.host.lines(name)]
    return next((value.strip() for name, value in reversed(rows) if name.strip() == key), "")


def _soft_limit(view: View, title: str) -> float | None:
    rows = [line for line in view.host.lines("/proc/self/limits") if line.startswith(title)]
    return _number(rows[0].removeprefix(title).split()[0]) if rows else None


def _number(text: str) -> float:
    if text in ("unlimited", "infinity"):
        return float("inf")
    return float(text) if re.fullmatch(r"\d+", text) else 0.0


def _said(limit: float) -> str:
    return "unlimited" if limit == float("inf") else f"{limit:.0f}"


def _governor(view: View) -> Finding:
    found = sorted({view.host.text(name) or "" for name in view.host.glob(_GOVERNORS)})
    if not found:
        return skipped("the clock of this processor is not governed")
    if found == ["performance"]:
        return ok("performance")
    # Pi OS has a script that sets it back at every start.
    setter = (_SETTER,) if view.host.exists("/etc/init.d/raspi-config") else ()
    if view.host.exists(f"{UNITS}/{_GOVERNOR_UNIT}"):
        return warning(f"{', '.join(found)}, not performance", *setter, _GOVERNOR)
    row = f"w {_GOVERNORS.replace('[0-9]*', '*')} - - - - performance"
    return warning(
        f"{', '.join(found)}, not performance",
        *map(str, setter),
        f"echo '{row}' | sudo tee {_TMPFILES}",
        f"sudo systemd-tmpfiles --create {_TMPFILES}",
    )


CHECKS = (
    Check(
        "groups", SECTION, "groups", "each opens a part of the hardware to its members", _groups, (rack_here,)
    ),
    Check(
        "realtime",
        SECTION,
        "real-time priority",
        "without it, any program that wakes up can make the sound click",
        _priority,
    ),
    Check(
        "memory-lock",
        SECTION,
        "locked memory",
        "memory that is fetched from disk while it plays makes the sound click",
        _memory,
    ),
    Check(
        "governor",
        SECTION,
        "processor clock",
        "a clock that rises only under load is late for the first blocks",
        _governor,
        needs=(on_pi,),
    ),
)
