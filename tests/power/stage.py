"""Where writers lose their power: one process under the shim, which forks another for each cut.

It is asked by lines of JSON, [writer, call, seed], and answers each with what was found. Call 0 means
that the writer ends, and the power goes after that.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from tests.power.disk import Disk
from tests.power.writers import WRITERS, WRONG, Writer, refused, start

LOSSES = 4
"""Ways in which each cut may leave the disk."""

NEVER = 1_000_000


class Stage:
    """One folder, and what is done to it."""

    def __init__(self, folder: Path) -> None:
        self._root, self._diary = folder / "data", folder / "diary"
        self._shim = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._wanted: dict[str, tuple[Any, Any]] = {}
        os.environ["DDSP_PI_DATA"] = str(self._root)

    def cut(self, name: str, call: int, seed: int) -> dict[str, Any]:
        """Run a writer until its power goes; what there is then, and what is wrong with it."""
        writer = (WRITERS | WRONG)[name]
        old, new = self._allowed(name, writer)
        self._before(writer)
        disk = Disk(self._root)
        died = self._run(writer, call or NEVER, seed)
        disk.follow(self._diary)
        faults = [] if disk.is_as_followed() else ["the diary has overlooked something"]
        allowed = [old, new] if died else [new]
        faults += self._judge(writer, allowed) + _in_a_list(refused(start))
        chance, seen = random.Random(seed), set()
        for _ in range(LOSSES):
            disk.lose_power(chance)
            faults += self._judge(writer, allowed)
            seen.add("old" if _is(writer.read, old) else "new")
        faults += _in_a_list(refused(start))
        if name in WRITERS:
            faults += self._again(writer, new)
        return {"died": died, "faults": faults, "seen": sorted(seen)}

    def _allowed(self, name: str, writer: Writer) -> tuple[Any, Any]:
        if name not in self._wanted:
            self._before(writer)
            old = writer.read()
            writer.write()
            self._wanted[name] = old, writer.read()
            _differ(*self._wanted[name])
        return self._wanted[name]

    def _before(self, writer: Writer) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir()
        writer.before()

    def _run(self, writer: Writer, call: int, seed: int) -> bool:
        """Whether the power went before the writer had ended."""
        child = os.fork()
        if child == 0:
            self._shim.cut_arm(os.fsencode(self._root), os.fsencode(self._diary), ctypes.c_long(call), seed)
            os._exit(1 if refused(writer.write) else 0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0
        return False

    def _judge(self, writer: Writer, allowed: list[Any]) -> list[str]:
        """What is wrong with the folder as it is now."""
        return _in_a_list(refused(lambda: _among(writer.read(), allowed)))

    def _again(self, writer: Writer, new: Any) -> list[str]:
        """The next one writes as if nothing had been, and clears away what was left."""
        if _is(writer.read, new):
            return []
        wrong = refused(writer.write) or refused(lambda: _same(writer.read(), new))
        left = [f"left behind: {path}" for path in self._root.rglob("*.part")]
        return [f"the next one: {wrong}"] if wrong else left


def _in_a_list(fault: str) -> list[str]:
    return [fault] if fault else []


def _is(read: Any, wanted: Any) -> bool:
    return refused(lambda: _same(read(), wanted)) == ""


def _same(found: Any, wanted: Any) -> None:
    assert found == wanted, f"found {found}"


def _differ(old: Any, new: Any) -> None:
    assert old != new


def _among(found: Any, allowed: list[Any]) -> None:
    assert found in allowed, f"neither the old nor the new: {found}"


def main() -> None:
    """Answer until nobody asks any more."""
    stage = Stage(Path(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(stage.cut(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
