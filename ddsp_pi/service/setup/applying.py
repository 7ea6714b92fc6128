"""What a mend says, done: written down first, then done, so that it can be taken back from any moment on."""

from collections.abc import Callable

from ddsp_pi.places import PROGRAM
from ddsp_pi.service.host import Result
from ddsp_pi.service.mends import Command, Edit, Link, Mend, Packages, Program, Whole
from ddsp_pi.service.packages import installed
from ddsp_pi.service.setup.hands import Hands
from ddsp_pi.service.setup.ledger import (
    CommandStep,
    FileStep,
    FolderStep,
    Ledger,
    LinkStep,
    PackagesStep,
    TreeStep,
)

BACKUP = ".before-ddsp-pi"
"""Added to the name of a file that was there before; the copy is made once."""

Say = Callable[[str], None]
Bring = Callable[[Hands, str, Say], None]
"""Puts the program there, from a wheel or wherever else it comes from; OSError, ConfigError: why not."""


class Worker:
    """Does one mend after another."""

    def __init__(self, hands: Hands, ledger: Ledger, bring: Bring, say: Say) -> None:
        self._hands, self._ledger, self._bring, self._say = hands, ledger, bring, say

    def apply(self, mend: Mend) -> None:
        """Do it.

        Raises:
            OSError: it did not work; the message says what, and what to do.
            ConfigError: the program cannot be brought from where it should.
        """
        if isinstance(mend, Command):
            self._command(mend)
        elif isinstance(mend, Packages):
            self._packages(mend)
        elif isinstance(mend, Program):
            self._program(mend)
        elif isinstance(mend, Link):
            self._link(mend)
        else:
            self._edit(mend)

    def _edit(self, mend: Edit) -> None:
        before = self._hands.read(mend.path)
        after = edited(before, mend)
        if after == before:
            return
        self._folders(mend.path)
        if before is not None:
            self._back_up(mend.path, before)
        players = isinstance(mend, Whole) and mend.players
        self._ledger.add(FileStep(mend.path, before, after, players))
        self._hands.write(mend.path, after)

    def _back_up(self, path: str, text: bytes) -> None:
        """A copy for whoever looks for it; one that is there is of an earlier time, and better."""
        if not self._hands.host.exists(path + BACKUP) and not self._written(path):
            self._ledger.add(FileStep(path + BACKUP, None, text))
            self._hands.write(path + BACKUP, text)

    def _written(self, path: str) -> bool:
        """Whether a file is ours from the beginning."""
        steps = [step for step in self._ledger.steps if isinstance(step, FileStep)]
        return any(step.path == path and step.before is None for step in steps)

    def _link(self, mend: Link) -> None:
        before = self._hands.host.link(mend.path)
        if not before and self._hands.host.exists(mend.path):
            raise OSError(f"{mend.path} is there and no link: move it away, then set up again")
        self._folders(mend.path)
        self._ledger.add(LinkStep(mend.path, before, mend.to))
        self._hands.make_link(mend.path, mend.to)

    def _folders(self, path: str) -> None:
        for folder in self._hands.missing_folders(path):
            self._ledger.add(FolderStep(folder))
            self._hands.make_folder(folder)

    def _command(self, mend: Command) -> None:
        step, done = CommandStep(mend.shell, mend.undo), CommandStep(mend.shell, mend.undo, done=True)
        noted = bool(mend.undo) and done not in self._ledger.steps
        if noted:
            self._ledger.add(step)
        self._run(mend.shell)
        if noted:
            self._ledger.replace(step, done)

    def _packages(self, mend: Packages) -> None:
        """All that comes with them goes with them, so what is new is looked up."""
        before = installed(self._hands.host)
        step = PackagesStep(tuple(name for name in mend.names if name not in before))
        self._ledger.add(step)
        get = f"apt-get install -y -q --no-install-recommends {' '.join(mend.names)}"
        # A fresh card has no lists, or ones that name packages that are no more.
        if self._hands.do(get).code:
            self._run("apt-get update -q")
            self._run(get)
        new = tuple(sorted(installed(self._hands.host) - before)) or step.names
        self._ledger.replace(step, PackagesStep(new, done=True))

    def _program(self, mend: Program) -> None:
        if not self._hands.host.exists(str(PROGRAM)):
            self._folders(str(PROGRAM))
            self._ledger.add(TreeStep(str(PROGRAM)))
        self._bring(self._hands, mend.source, self._say)

    def _run(self, shell: str) -> None:
        result = self._hands.do(shell)
        if result.code:
            raise OSError(f"'{shell}' failed with {result.code}: {last_words(result)}")


def edited(before: bytes | None, mend: Edit) -> bytes:
    """A file after an edit. Bytes that are no text stay what they are."""
    text = (before or b"").decode("utf-8", "surrogateescape")
    return mend.changed(text).encode("utf-8", "surrogateescape")


def last_words(result: Result) -> str:
    """The end of what a command said."""
    rows = [row for row in (result.out + result.err).splitlines() if row.strip()]
    return "; ".join(rows[-3:]) or "it said nothing"
