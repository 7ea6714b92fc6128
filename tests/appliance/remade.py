"""Other versions of the project, made of its own wheel: some play, one crashes, one glitches."""

import os
import shutil
import zipfile
from pathlib import Path

CRASHES = {"ddsp_pi/cli/run.py": 'raise RuntimeError("this version is broken")\n'}
"""Only as it begins to play: everything that is asked of it before, it answers."""

GLITCHES = {
    "ddsp_pi/engine/player.py": "\n_real = Player._play\n\n\ndef _late(self, out, status):\n"
    "    if self.beats % 25 == 24:\n        time.sleep(0.06)\n    _real(self, out, status)\n\n\n"
    "Player._play = _late\n"
}
"""Several times a second it is late by some blocks."""


def remake(wheel: Path, folder: Path, version: str, added: dict[str, str] | None = None) -> Path:
    """The same wheel as another version, with lines added to the ends of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    old = wheel.name.split("-")[1]
    target = folder / wheel.name.replace(f"-{old}-", f"-{version}-")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".dist-info/METADATA") or name == "ddsp_pi/__init__.py":
                data = data.replace(old.encode(), version.encode(), 1)
            data += (added or {}).get(name, "").encode()
            made.writestr(name.replace(f"-{old}.dist-info", f"-{version}.dist-info"), data)
    return target


def stick_of(wheel: Path, others: Path) -> None:
    """Put all wheels that it needs beside a wheel."""
    for other in others.glob("*.whl"):
        if not other.name.startswith("ddsp_pi-"):
            _same(other, wheel.parent / other.name)


def _same(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
