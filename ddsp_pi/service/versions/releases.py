"""The versions that are installed on a module: one folder each, and links to the one that plays.

    /opt/ddsp-pi/versions/0.2.0-1a2b3c4d/   an environment; whole once it has the file `complete`
    /opt/ddsp-pi/current -> versions/…      what the units start
    /opt/ddsp-pi/previous -> versions/…     what played before

Power may go at any moment: `current` leads to a whole version all the time.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ddsp_pi.errors import ConfigError
from ddsp_pi.files import settle_folder
from ddsp_pi.places import PROGRAM, SYSTEM_FILE
from ddsp_pi.service.versions.building import STEPS, Building, complaint
from ddsp_pi.service.versions.marks import (
    Complete,
    Refusal,
    Release,
    is_whole,
    mark_complete,
    mark_refused,
    read_release,
    unmark,
)
from ddsp_pi.service.versions.quietly import Quietly
from ddsp_pi.service.versions.sources import Supply, find_supply

__all__ = ["STEPS", "Releases"]

EXTRAS = ("rack", "midi")
"""What a module should have beside the program itself, as far as it can be had: board and keyboards."""

ROOM_BYTES = 600_000_000
"""What one version takes, where none is there to measure it by."""

SPARE = 1
"""Versions that are kept beside the one that plays and the one before."""


class Releases:
    """The installed versions below a folder."""

    def __init__(self, folder: Path = PROGRAM, settings: Path = SYSTEM_FILE) -> None:
        self.folder, self._settings = folder, settings
        self.quietly = Quietly(folder / "install.log")

    @property
    def current(self) -> str | None:
        """Name of the version that the units start; None: none was ever switched to."""
        return self._linked("current")

    @property
    def previous(self) -> str | None:
        """Name of the one before; None: there was none, or it is gone."""
        name = self._linked("previous")
        return name if name != self.current else None

    def path(self, name: str) -> Path:
        """The environment of a version."""
        return self.folder / "versions" / name

    def listed(self) -> list[Release]:
        """All that are whole, the newest installation first."""
        found = [read_release(folder) for folder in self._folders() if is_whole(folder)]
        return sorted(found, key=lambda release: release.complete.when, reverse=True)

    def names(self) -> list[str]:
        """Their names."""
        return [release.name for release in self.listed()]

    def find(self, word: str) -> str:
        """The name of the version that a user means: by its name, or the newest of that version.

        Raises:
            ConfigError: there is none.
        """
        for release in self.listed():
            if word in (release.name, release.complete.version):
                return release.name
        raise ConfigError(f"no version {word} is installed; there are: {', '.join(self.names()) or 'none'}")

    def install(
        self,
        source: str | Path | None,
        say: Callable[[str], object],
        step: Callable[[int], object] = lambda steps: None,
    ) -> str:
        """Make a version from a wheel, a folder of wheels or an index (None: the usual one); its name.

        What plays is not touched. The same wheel again is there already. `step` is called `STEPS` times.
        Where somebody else could do the same, do it in a block of `alone`.

        Raises:
            ConfigError: what is there cannot be used. ChildProcessError: it could not be installed, or
            failed its own check. OSError: for example a full disk. Nothing unfinished is left.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_unfinished()
        with tempfile.TemporaryDirectory(prefix="ddsp-pi-") as scratch:
            self.quietly.log.unlink(missing_ok=True)
            supply = find_supply(source, Path(scratch), self.quietly)
            if supply.wheel.name in self.names():
                say(f"{supply.wheel.name} is installed already")
            else:
                self._check_room()
                self._build(supply, say, step)
        return supply.wheel.name

    def switch(self, name: str) -> None:
        """Let the units start a version from now on; the one that they started is the previous one then.

        Raises:
            ConfigError: it is not whole.
        """
        if not is_whole(self.path(name)):
            raise ConfigError(f"version {name} is not whole; install it again")
        current = self.current
        if current == name:
            return
        if current is not None:
            self._link("previous", current)
        self._link("current", name)

    def complaint(self, name: str) -> str:
        """What an installed version has against the settings of the system; empty: nothing."""
        if not self._settings.exists():
            return ""
        return complaint(self.path(name), ("config", "check", str(self._settings)), self.quietly)

    def refuse(self, name: str, reason: str) -> None:
        """Remember why a version was not kept."""
        mark_refused(self.path(name), Refusal(reason, time.time()))

    def accept(self, name: str) -> None:
        """Forget that a version was not kept."""
        unmark(self.path(name), "refused")

    def prune(self) -> list[str]:
        """Delete all but the one that plays, the one before and the newest other.

        Returns:
            Names of those that are gone.
        """
        others = [name for name in self.names() if name not in (self.current, self.previous)]
        for name in others[SPARE:]:
            self._remove(self.path(name))
        return others[SPARE:]

    def _build(self, supply: Supply, say: Callable[[str], object], step: Callable[[int], object]) -> None:
        name = supply.wheel.name
        folder = self.path(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        must, wished = self._extras(supply)
        supply = replace(supply, folders=(*supply.folders, *self._kept_wheels()))
        building = Building(folder, supply, must, wished, self._settings, self.quietly, say, step)
        try:
            extras = building.build()
            wheel = supply.wheel
            mark_complete(folder, Complete(wheel.version, wheel.path.name, time.time(), 0, extras))
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if "No space left" in str(error):
                raise OSError(f"{self._full()} What played plays on") from None
            raise

    def _extras(self, supply: Supply) -> tuple[list[str], list[str]]:
        """Those that the current version has, which must be; and those that would be good."""
        has = next((release.complete.extras for release in self.listed() if release.name == self.current), [])
        known = supply.wheel.extras
        return [name for name in has if name in known], [name for name in EXTRAS if name in known - set(has)]

    def _kept_wheels(self) -> list[Path]:
        return [self.path(name) / "wheels" for name in (self.current, self.previous) if name]

    def _folders(self) -> Iterator[Path]:
        return (self.folder / "versions").glob("*")

    def _check_room(self) -> None:
        sizes = [release.complete.size for release in self.listed()[:1]]
        free = shutil.disk_usage(self.folder).free
        # Half as much again, for the wheels are unpacked beside themselves.
        if free < (sizes[0] * 3 // 2 if sizes else ROOM_BYTES):
            raise OSError(self._full())

    def _full(self) -> str:
        free = shutil.disk_usage(self.folder).free // 1_000_000
        remedy = "make room, for example with: sudo apt clean"
        return f"not enough room on the disk of {self.folder}: {free} MB are free; {remedy}."

    def _remove_unfinished(self) -> None:
        # What plays stays in any case, if somebody put it together by hand.
        plays = (self.folder / "current").resolve()
        for folder in self._folders():
            if not is_whole(folder) and folder.resolve() != plays:
                shutil.rmtree(folder)

    def _remove(self, folder: Path) -> None:
        # First the mark: a version that is half deleted is not whole.
        unmark(folder, "complete")
        shutil.rmtree(folder)

    def _linked(self, link: str) -> str | None:
        try:
            name = Path(os.readlink(self.folder / link)).name
        except OSError:
            return None
        return name if is_whole(self.path(name)) else None

    def _link(self, link: str, name: str) -> None:
        """Lead a link to a version in one step."""
        fresh = self.folder / f".{link}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("versions") / name)
        fresh.replace(self.folder / link)
        settle_folder(self.folder)
