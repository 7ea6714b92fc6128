"""Who we are on a system, who else is there, and what they hold open."""

from dataclasses import dataclass
from typing import NamedTuple

from ddsp_pi.service.host import Host


@dataclass(frozen=True, slots=True)
class Group:
    """A row of /etc/group."""

    name: str
    gid: int
    members: frozenset[str]


class Process(NamedTuple):
    """A program that runs."""

    pid: int
    name: str
    ours: bool
    """Whether it belongs to ddsp-pi."""

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


@dataclass(frozen=True, slots=True)
class Me:
    """This process, as the kernel sees it."""

    name: str
    uid: int
    gids: frozenset[int]
    capabilities: int
    login_gid: int | None
    """Of the user's own row in /etc/passwd."""

    def may(self, capability: int) -> bool:
        """Whether it has a capability, by its number in linux/capability.h."""
        return bool(self.capabilities >> capability & 1)


def me(host: Host) -> Me | None:
    """This process; None where the system does not say."""
    rows = dict(line.partition(":")[::2] for line in host.lines("/proc/self/status"))
    if not {"Uid", "Gid", "Groups", "CapEff"} <= rows.keys():
        return None
    uid = int(rows["Uid"].split()[1])
    gids = {int(gid) for gid in rows["Groups"].split()} | {int(rows["Gid"].split()[1])}
    name, login_gid = _passwd(host).get(uid, (f"#{uid}", None))
    return Me(name, uid, frozenset(gids), int(rows["CapEff"], 16), login_gid)


def groups(host: Host) -> dict[str, Group]:
    """The groups of the system by name."""
    rows = [line.split(":") for line in host.lines("/etc/group")]
    return {
        row[0]: Group(row[0], int(row[2]), frozenset(filter(None, row[3].split(","))))
        for row in rows
        if len(row) == 4 and row[2].isdigit()
    }


def process(host: Host, pid: int) -> Process:
    """A program by its number."""
    # A C library or Python joins the words of a command by zeros.
    command = (host.text(f"/proc/{pid}/cmdline") or "").replace("\0", " ")
    name = host.text(f"/proc/{pid}/comm") or "a program"
    ours = "ddsp-pi" in command or "ddsp_pi" in command
    return Process(pid, "ddsp-pi" if ours else name, ours)


def holders(host: Host, device: str) -> list[Process]:
    """Who has a device file open, as far as we may see: root sees all, others their own programs."""
    open_files = host.glob("/proc/[0-9]*/fd/*")
    pids = {int(name.split("/")[2]) for name in open_files if host.link(name) == device}
    return [process(host, pid) for pid in sorted(pids)]


def users(host: Host) -> dict[str, int]:
    """The users of the system, with their numbers."""
    return {name: uid for uid, (name, _) in _passwd(host).items()}


def _passwd(host: Host) -> dict[int, tuple[str, int | None]]:
    rows = [line.split(":") for line in host.lines("/etc/passwd")]
    return {int(row[2]): (row[0], int(row[3])) for row in rows if len(row) >= 4 and row[2].isdigit()}
