"""All files of a machine, so that two moments can be compared."""

import json

from tests.appliance.machine import Machine

CHANGES_BY_ITSELF = (
    *("/proc", "/sys", "/dev", "/run", "/tmp", "/media", "/mnt", "/var/tmp", "/var/log", "/var/cache"),
    *("/var/lib/systemd", "/var/lib/dpkg", "/var/lib/apt", "/var/lib/private", "/root/.cache"),
    # The system's own copies of how these were before the last change.
    *(f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")),
    "/etc/.pwd.lock",
)
"""Folders and files that tell nothing of ddsp-pi."""

SCRIPT = """
import hashlib, json, os, stat, sys
found, left_out = {}, set(json.loads(sys.argv[1]))
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if name != "__pycache__"]
    for name in list(folders) + files:
        path = os.path.join(folder, name)
        if path in left_out:
            if name in folders:
                folders.remove(name)
            continue
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            held = os.readlink(path)
        elif stat.S_ISREG(seen.st_mode):
            held = hashlib.sha256(open(path, "rb").read()).hexdigest()
        else:
            held = ""
        found[path] = f"{stat.filemode(seen.st_mode)} {seen.st_uid}:{seen.st_gid} {held}"
print(json.dumps(found))
"""


def listing(machine: Machine) -> dict[str, str]:
    """Path: mode, owner and what is in it."""
    out = machine.run("python3", "-c", SCRIPT, json.dumps(CHANGES_BY_ITSELF)).out
    found: dict[str, str] = json.loads(out)
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Path: how it was and how it is, of all that is not the same; None: it was not there."""
    paths = sorted(before.keys() | after.keys())
    return {p: (before.get(p), after.get(p)) for p in paths if before.get(p) != after.get(p)}
