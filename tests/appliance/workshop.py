"""Where machines are made: the bare system, the stick, and what comes out of the tests."""

from collections.abc import Callable
from pathlib import Path

from tests.appliance.machine import Machine
from tests.appliance.root import Root
from tests.appliance.stick import Stick
from tests.arm64 import machine as pi
from tests.arm64.project import HOUSE
from tests.arm64.root import Root as Emulated
from tests.arm64.shell import Shell
from tests.guest.kept import Kept

STICK = "/media/stick"
"""Where a machine sees the wheels."""

CHOSEN = "DDSP_PI_MACHINES"
"""A variable that names the workshop of the scenarios; without it they are not collected."""

PROCESSOR = "/srv/processor"
EMULATED = ("/proc/cpuinfo", "/sys/devices/system/cpu")
"""Where an emulated machine finds what its processor says of itself, and what says it of the wrong one."""


class Workshop:
    """One architecture's root, stick and machines."""

    def __init__(self, name: str, work: Path, bare: Emulated | None = None, slower: float = 1.0) -> None:
        """`bare`: see Root; `slower`: see Machine."""
        self.name, self.emulated = name, bare is not None
        self.shell = Shell(work / "log.txt")
        self.results = work / "results"
        kept = Kept(work)
        self.root = Root(work, self.shell, kept, bare)
        self.stick = Stick(self.root, kept)
        self._work, self._slower = work, slower

    def machine(self, name: str, *below: Machine) -> Machine:
        """A machine of this name, as new: bare, or as the topmost of others is now, which must be off."""
        layers = [*(other.changes for other in below), self.root.path]
        machine = Machine(self._work / "machines" / name, *layers, slower=self._slower)
        machine.renew()
        machine.binds = {self.stick.folder: STICK}
        if self.emulated:
            processor = self._work / "processor"
            pi.write(processor)
            machine.binds[processor] = PROCESSOR
            machine.covers = {f"{PROCESSOR}{path}": path for path in EMULATED}
        return machine


def _here() -> Workshop:
    return Workshop("amd64", HOUSE / "build/appliance")


def _emulated() -> Workshop:
    work = HOUSE / "build/arm64"
    return Workshop(
        "arm64", work / "appliance", Emulated(work, Shell(work / "appliance-log.txt")), slower=10.0
    )


WORKSHOPS: dict[str, Callable[[], Workshop]] = {"amd64": _here, "arm64": _emulated}
"""By the names of their architectures: this computer's own, and a Raspberry Pi's."""
