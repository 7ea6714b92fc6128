"""What would be done, without doing it: the commands, and each file's differences."""

from collections.abc import Iterable
from difflib import unified_diff

from ddsp_pi.service.mends import Command, Link, Mend, Packages, Program
from ddsp_pi.service.setup.applying import edited
from ddsp_pi.service.setup.hands import Hands


def sketch(hands: Hands, mends: Iterable[Mend]) -> list[str]:
    """Lines to read: commands in their order, then the files. The same twice is told once."""
    commands = dict.fromkeys(str(mend) for mend in mends if isinstance(mend, _TOLD))
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes] = {}
    for mend in mends:
        if not isinstance(mend, _TOLD):
            before.setdefault(mend.path, hands.read(mend.path))
            after[mend.path] = edited(after.get(mend.path, before[mend.path]), mend)
    return [*commands, *(line for path in after for line in _difference(path, before[path], after[path]))]


_TOLD = (Command, Packages, Program, Link)


def _difference(path: str, before: bytes | None, after: bytes) -> list[str]:
    old, new = ((data or b"").decode("utf-8", "replace").splitlines() for data in (before, after))
    return list(unified_diff(old, new, "/dev/null" if before is None else path, path, n=1, lineterm=""))
