"""The stick: the project's wheel and every other that it needs, as somebody would carry them to a module."""

import shutil
import tomllib
from pathlib import Path

from tests.appliance.root import Root
from tests.arm64.project import HOUSE, copy_sources
from tests.guest.kept import Kept, key_of

EXTRAS = ("rack", "midi")
"""Of the project's: what a module has beside what playing needs anywhere."""


def requirements() -> list[str]:
    """What pip has to bring, by the project's own words."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    return [
        *project["dependencies"],
        *(row for name in EXTRAS for row in project["optional-dependencies"][name]),
    ]


class Stick:
    """`folder` holds all wheels; machines see it as /media/stick."""

    def __init__(self, root: Root, kept: Kept) -> None:
        self.folder = root.share / "stick"
        self._root, self._kept = root, kept

    def wheel(self) -> Path:
        """The project's own."""
        return next(self.folder.glob("ddsp_pi-*.whl"))

    def fetch(self) -> None:
        """The wheels of others, unless they are there."""
        wanted = requirements()
        key = key_of(self._kept.key("root"), *wanted)
        self._kept.once("stick", key, lambda: self._fetch(wanted), also=[self.folder])

    def _fetch(self, wanted: list[str]) -> None:
        self._root.enter("python3", "-m", "venv", "--clear", "/mnt/builder")
        self._root.enter("/mnt/builder/bin/pip", "install", "wheel", "hatchling")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._root.enter("/mnt/builder/bin/pip", "wheel", "--wheel-dir", "/mnt/stick", *wanted)

    def build(self) -> None:
        """The project's own, from the sources as they are."""
        for old in self.folder.glob("ddsp_pi-*.whl"):
            old.unlink()
        whole = self._root.share / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        copy_sources(whole)
        into = ("--no-deps", "--no-build-isolation", "--wheel-dir", "/mnt/stick")
        self._root.enter("/mnt/builder/bin/pip", "wheel", *into, "/mnt/whole")
