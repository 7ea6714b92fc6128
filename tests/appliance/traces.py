"""What this computer sees of a machine: its first process, and what is left when it is cut off."""

import re
import time
from contextlib import suppress
from pathlib import Path

HIERARCHIES = ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified")


def first_process(runner: int) -> int:
    """The one that has number 1 inside, among the children of systemd-nspawn's process; 0: there is none."""
    with suppress(OSError):
        for child in Path(f"/proc/{runner}/task/{runner}/children").read_text().split():
            if re.search(r"^NSpid:.*\t1$", Path(f"/proc/{child}/status").read_text(), re.MULTILINE):
                return int(child)
    return 0


def forget_groups(name: str) -> None:
    """Remove the control groups of a machine, once its last process has gone."""
    for hierarchy in HIERARCHIES:
        top = Path(hierarchy) / name
        deepest_first = sorted(filter(Path.is_dir, top.rglob("*")), key=lambda path: -len(path.parts))
        for group in [*deepest_first, top]:
            _remove(group)


def _remove(group: Path) -> None:
    for _ in range(20):
        with suppress(FileNotFoundError):
            try:
                group.rmdir()
            except OSError:
                time.sleep(0.05)
                continue
        return
