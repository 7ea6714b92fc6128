"""The fake Pi as a module that was set up: a user of its own, the program, units, all well."""

import os

from ddsp_pi.service.checks.finish import ENABLED, UNIT
from ddsp_pi.service.checks.installed import USER
from ddsp_pi.service.checks.units import _JOURNAL, _JOURNAL_TEXT
from ddsp_pi.service.host import NOT_INSTALLED, Result
from ddsp_pi.service.packages import STATUS
from ddsp_pi.service.shipping import SCHEMA, schema_text, units, wanted_by

VERSION = "0.1.0-01234567"
PACKAGES = ("libportaudio2", "python3-venv", "gcc", "libc6-dev", "python3-dev", "alsa-utils")
WANTS = "/etc/systemd/system/{}.wants/{}"


def set_up(pi):
    """Bring it to where setup ends, by hand."""
    systemd_runs(pi)
    has_packages(pi, *PACKAGES)
    # The folder of the player's own belongs to whoever runs the test.
    pi.write("/etc/passwd", pi.at("/etc/passwd").read_text() + f"{USER}:x:{os.getuid()}:995::/:\n")
    groups = pi.at("/etc/group").read_text().replace(":pi\n", f":pi,{USER}\n")
    pi.write("/etc/group", f"{groups}{USER}:x:995:pi\n")
    pi.at("/var/lib/ddsp_pi").chmod(0o2775)
    pi.write(f"/opt/ddsp-pi/versions/{VERSION}/complete", "{}")
    pi.link("/opt/ddsp-pi/current", f"versions/{VERSION}")
    pi.link("/usr/local/bin/ddsp-pi", "/opt/ddsp-pi/current/bin/ddsp-pi")
    pi.write("/etc/ddsp_pi/config.yaml", "")
    if schema_text() is not None:
        pi.write(str(SCHEMA), schema_text())
    for unit in units():
        pi.write(f"/etc/systemd/system/{unit.name}", unit.read_text())
        if wanted_by(unit.read_text()):
            pi.link(WANTS.format(wanted_by(unit.read_text()), unit.name), f"/etc/systemd/system/{unit.name}")
    pi.write(_JOURNAL, _JOURNAL_TEXT)


def systemd_runs(pi, **states):
    """It answers as systemctl does; services are active unless said otherwise."""
    pi.write("/run/systemd/system/here", "")
    pi.services = {"ddsp-pi.service": "active", "ddsp-pi-safe.service": "inactive"} | states

    def systemctl(words):
        if words[1] == "is-active":
            return Result(0, pi.services.get(words[2], "inactive") + "\n")
        return Result(0 if words[1] == "list-units" else NOT_INSTALLED)

    pi.commands["systemctl"] = systemctl


def has_packages(pi, *names):
    rows = [f"Package: {name}\nStatus: install ok installed\nVersion: 1\n" for name in names]
    pi.write(STATUS, "\n".join(rows))


def unfinished(pi):
    pi.link(ENABLED, f"/etc/systemd/system/{UNIT}")
