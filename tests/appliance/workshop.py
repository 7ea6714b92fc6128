"""Where machines are made: the bare system, the stick, and what comes out of the tests."""

from pathlib import Path

from tests.appliance.machine import Machine
from tests.appliance.root import Root
from tests.appliance.stick import Stick
from tests.arm64.project import HOUSE
from tests.arm64.shell import Shell
from tests.guest.kept import Kept

WORK = HOUSE / "build/appliance"

STICK = "/media/stick"
"""Where a machine sees the wheels."""


class Workshop:
    """One architecture's root, stick and machines."""

    def __init__(self, work: Path = WORK, architecture: str = "amd64", slower: float = 1.0) -> None:
        self.shell = Shell(work / "log.txt")
        self.results = work / "results"
        kept = Kept(work)
        self.root = Root(work, self.shell, kept, architecture)
        self.stick = Stick(self.root, kept)
        self._machines, self._slower = work / "machines", slower

    def machine(self, name: str, *below: Machine) -> Machine:
        """A machine of this name, as new: bare, or as the topmost of others is now, which must be off."""
        layers = [*(other.changes for other in below), self.root.path]
        machine = Machine(self._machines / name, *layers, slower=self._slower)
        machine.renew()
        machine.binds = {self.stick.folder: STICK}
        return machine
