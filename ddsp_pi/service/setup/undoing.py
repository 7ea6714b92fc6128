"""What setup did, taken back step by step, the last one first."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ddsp_pi.places import SYSTEM_DATA, SYSTEM_FILE
from ddsp_pi.service.packages import installed
from ddsp_pi.service.setup.applying import Say, last_words
from ddsp_pi.service.setup.hands import Hands
from ddsp_pi.service.setup.ledger import (
    LEDGER,
    CommandStep,
    FileStep,
    FolderStep,
    Ledger,
    LinkStep,
    PackagesStep,
    Step,
    TreeStep,
)
from ddsp_pi.service.setup.merging import without

NOBODYS = ("state.yaml", "state.yaml.damaged", "last-good.yaml", "update.json")
"""In the player's folder, but not the player's own: what the module remembers by itself."""

_CACHES = ".[a-z]*"
"""What libraries put into the home of the user that plays."""

_SYSTEMD = "/etc/systemd/"


class Undoer:
    """Takes steps back; what cannot be is said, and stays in the ledger for another time."""

    def __init__(self, hands: Hands, ledger: Ledger, say: Say, everything: bool = False) -> None:
        self._hands, self._ledger, self._say, self._everything = hands, ledger, say, everything

    def undo(self) -> bool:
        """All of it; whether nothing is left to take back."""
        steps = list(reversed(self._ledger.steps))
        for step in steps:
            self._say(told(step))
            if _BACK[type(step)](self, step):
                self._ledger.drop(step)
        if any(getattr(step, "path", "").startswith(_SYSTEMD) for step in steps):
            self._hands.do("systemctl daemon-reload")
        self._sweep()
        if self._ledger.steps:
            self._say(f"not all could be taken back; {LEDGER} has the rest: try again, or remove it")
        return not self._ledger.steps

    def _file(self, step: FileStep) -> bool:
        now = self._hands.read(step.path)
        if now == step.before:
            return True
        if now == step.after:
            self._put(step.path, step.before)
        elif now is None:
            self._say(f"{step.path} was removed since: it stays so")
        elif step.before is None:
            self._ours(step)
        else:
            self._merge(step, step.before, now)
        return True

    def _ours(self, step: FileStep) -> None:
        """A whole file of ours that somebody has changed since."""
        if step.players and not self._everything:
            self._say(f"{step.path} stays: it was changed since, so it is yours")
            return
        self._say(f"{step.path} goes, with what was changed in it since")
        self._hands.remove(step.path)

    def _merge(self, step: FileStep, before: bytes, now: bytes) -> None:
        old, ours, theirs = (each.decode("utf-8", "surrogateescape") for each in (before, step.after, now))
        merged = without(old, ours, theirs)
        self._hands.write(step.path, merged.text.encode("utf-8", "surrogateescape"))
        self._say(f"{step.path} was changed since: only what setup had changed in it is taken back")
        if not merged.whole:
            self._say(f"some of it could not be found any more: look at {step.path} yourself")

    def _put(self, path: str, data: bytes | None) -> None:
        if data is None:
            self._hands.remove(path)
        else:
            self._hands.write(path, data)

    def _link(self, step: LinkStep) -> bool:
        if self._hands.host.link(step.path) != step.after:
            return True
        if step.before:
            self._hands.make_link(step.path, step.before)
        else:
            self._hands.remove(step.path)
        return True

    def _folder(self, step: FolderStep) -> bool:
        with suppress(OSError):
            self._hands.host.path(step.path).rmdir()
        return True

    def _tree(self, step: TreeStep) -> bool:
        shutil.rmtree(self._hands.host.path(step.path), ignore_errors=True)
        return True

    def _command(self, step: CommandStep) -> bool:
        return self._do(step.undo) or not step.done

    def _packages(self, step: PackagesStep) -> bool:
        """dpkg, and not apt: it refuses to take away what others have come to need."""
        here = installed(self._hands.host)
        names = [name for name in step.names if name in here]
        if names and not self._do(f"dpkg --purge {' '.join(names)}"):
            self._say("packages that others need by now stay")
        return True

    def _do(self, shell: str) -> bool:
        result = self._hands.do(shell)
        if result.code:
            self._say(f"'{shell}' failed with {result.code}: {last_words(result)}")
        return not result.code

    def _sweep(self) -> None:
        """What the module has written itself meanwhile."""
        data, settings = (self._hands.host.path(str(path)) for path in (SYSTEM_DATA, SYSTEM_FILE))
        for path in [data / name for name in NOBODYS]:
            path.unlink(missing_ok=True)
        for path in data.glob(_CACHES):
            shutil.rmtree(path, ignore_errors=True)
        if self._everything:
            shutil.rmtree(data, ignore_errors=True)
            settings.unlink(missing_ok=True)
        for folder in (data, self._hands.host.path(LEDGER).parent):
            with suppress(OSError):
                folder.rmdir()
        if data.is_dir():
            self._say(f"{SYSTEM_DATA} stays, it is yours: {', '.join(_names(data))}")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def told(step: Step) -> str:
    """What taking a step back does, in words."""
    match step:
        case FileStep(before=None):
            return f"remove {step.path}"
        case FileStep():
            return f"put {step.path} back as it was"
        case LinkStep():
            return f"put the link {step.path} back" if step.before else f"remove {step.path}"
        case FolderStep():
            return f"remove {step.path}, if it is empty"
        case TreeStep():
            return f"remove {step.path} and all in it"
        case CommandStep():
            return step.undo
        case PackagesStep():
            return f"dpkg --purge {' '.join(step.names)}"


_BACK: dict[type[Step], Callable[[Undoer, Any], bool]] = {
    FileStep: Undoer._file,
    LinkStep: Undoer._link,
    FolderStep: Undoer._folder,
    TreeStep: Undoer._tree,
    CommandStep: Undoer._command,
    PackagesStep: Undoer._packages,
}
