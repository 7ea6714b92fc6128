"""A version of its own: a virtual environment, filled from a wheel, that has shown that it works."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.service.versions.quietly import Quietly
from ddsp_pi.service.versions.sources import Supply

STEPS = 6
"""How often `build` says that a step is done."""

WHEELS = "wheels"
"""Everything a version was installed from; the next one takes from there what has not changed."""

_MISSING = re.compile(r"No matching distribution found for (.+)")


@dataclass(frozen=True, slots=True)
class Building:
    """What a version is made from, and where. It stays there: its scripts know their own path."""

    folder: Path
    supply: Supply
    must: Sequence[str]
    """Extras without which it is no use here."""
    wished: Sequence[str]
    """Extras that may be left out where there is no wheel and no compiler for them."""
    settings: Path
    quietly: Quietly
    say: Callable[[str], object]
    step: Callable[[int], object]

    def build(self) -> list[str]:
        """Make it and try it out; the extras that it has.

        Raises:
            ChildProcessError: a step failed; the message says why.
        """
        self._make_environment()
        extras = self._gather()
        self.step(1)
        self._pip("install", "--no-index", "--find-links", self.folder / WHEELS, self._wanted(extras))
        self.step(1)
        self._check()
        return extras

    def _make_environment(self) -> None:
        try:
            # Cleared, because what a power cut left there may be anything.
            self.quietly.run([sys.executable, "-m", "venv", "--clear", self.folder])
        except ChildProcessError as error:
            why = self.quietly.say_where(str(error))
            raise ChildProcessError(
                f"no environment could be made; on Debian and Pi OS: sudo apt install python3-venv. {why}"
            ) from None
        self.step(1)

    def _gather(self) -> list[str]:
        """Fetch or build all wheels that it needs; the extras that could be had."""
        extras = [*self.must, *self.wished]
        try:
            self._fetch(extras)
        except ChildProcessError:
            self._fetch(self.must)
            extras = [*self.must, *filter(self._can_have, self.wished)]
        return extras

    def _can_have(self, extra: str) -> bool:
        try:
            self._fetch([*self.must, extra])
        except ChildProcessError as error:
            self.say(f"left out: the extra {extra}, for {error}")
            return False
        return True

    def _fetch(self, extras: Sequence[str]) -> None:
        """Without a network first: what has not changed is not downloaded, and stays as it was proven."""
        try:
            self._collect(extras, ("--no-index",))
        except ChildProcessError as error:
            if self.supply.index is None:
                raise ChildProcessError(self._lacking(str(error))) from None
            try:
                self._collect(extras, ("--retries", "1", *self.supply.index))
            except ChildProcessError as online:
                raise ChildProcessError(self._lacking(str(online))) from None

    def _collect(self, extras: Sequence[str], where: Sequence[str]) -> None:
        folders = [word for folder in self.supply.folders for word in ("--find-links", folder)]
        self._pip("wheel", "--wheel-dir", self.folder / WHEELS, *folders, *where, self._wanted(extras))

    def _lacking(self, said: str) -> str:
        missing = _MISSING.search(said)
        if missing is None:
            return self.quietly.say_where(said)
        where = " or ".join(map(str, self.supply.folders))
        return f"there is no wheel of {missing[1]} in {where}" + (
            "" if self.supply.index is None else ", nor online"
        )

    def _wanted(self, extras: Sequence[str]) -> str:
        return f"{self.supply.wheel.path}[{','.join(extras)}]" if extras else str(self.supply.wheel.path)

    def _pip(self, *words: str | Path) -> None:
        self.quietly.run([self.folder / "bin" / "python", "-m", "pip", *words])

    def _check(self) -> None:
        """Raise ChildProcessError if it does not begin, or knows the instruments or the settings not."""
        checks: list[tuple[str, Sequence[str]]] = [
            ("it does not begin", ("--version",)),
            ("its instruments cannot play", ("models", "verify")),
        ]
        if self.settings.exists():
            checks.append(("it does not understand the settings", ("config", "check", str(self.settings))))
        for failure, words in checks:
            said = complaint(self.folder, words, self.quietly)
            if said:
                raise ChildProcessError(f"{self.supply.wheel.path.name}: {failure}: {said}")
            self.step(1)


def complaint(folder: Path, words: Sequence[str], quietly: Quietly) -> str:
    """What the version in an environment says against a verb of its own; empty: nothing."""
    try:
        # Instruments of the player's own are no part of a release: they may have been bad before.
        quietly.run([folder / "bin" / "ddsp-pi", *words], {"DDSP_PI_DATA": "/nonexistent"})
    except ChildProcessError as error:
        return quietly.say_where(str(error))
    return ""
