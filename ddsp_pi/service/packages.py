"""The packages that a Debian system has."""

from ddsp_pi.service.host import Host

STATUS = "/var/lib/dpkg/status"


def installed(host: Host) -> frozenset[str]:
    """Names of all that are installed; a system without dpkg has none."""
    found, name = set(), ""
    for line in host.lines(STATUS):
        key, _, value = line.partition(": ")
        if key == "Package":
            name = value.strip()
        elif key == "Status" and value.split()[-1:] == ["installed"]:
            found.add(name)
    return frozenset(found)
