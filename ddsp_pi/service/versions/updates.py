"""From one version to another, and back again by itself where the other one does worse."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddsp_pi.errors import ConfigError
from ddsp_pi.service.last_minute import SYSTEM_FOLDER
from ddsp_pi.service.systemd import Systemd
from ddsp_pi.service.versions.alone import alone
from ddsp_pi.service.versions.outcome import Outcome, remember
from ddsp_pi.service.versions.quiet import Before, Minute, listen, summed
from ddsp_pi.service.versions.releases import Releases
from ddsp_pi.service.versions.trial import Trial

MINUTE_S = 60.0
LAST_LINES = 12
"""Lines of the journal that tell how a version failed."""


@dataclass(frozen=True, slots=True)
class Updates:
    """Changes the version that plays on a module."""

    releases: Releases
    systemd: Systemd
    trial: Trial
    say: Callable[[str], object]
    minute_s: float = MINUTE_S
    second: Callable[[int], object] = lambda seconds: None
    """Called for every second of the quiet minute."""
    telemetry: Path = SYSTEM_FOLDER
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep

    def update(self, source: str | Path | None, step: Callable[[int], object] = lambda steps: None) -> bool:
        """Install a version, try it, and keep it if it plays; whether it plays in the end.

        Raises:
            ConfigError: what is there cannot be used. OSError: it could not be installed.
        """
        with alone(self.releases.folder):
            self._end_leftover()
            self._current()
            name = self.releases.install(source, self.say, step)
            complaint = self.releases.complaint(name)
            if complaint:
                raise ConfigError(f"{name} does not understand the settings: {complaint}")
            before = summed(listen(self.telemetry))
            return self._change(name, lambda: self._quiet_minute(before))

    def rollback(self, word: str | None) -> bool:
        """Go back to the version before, or to a named one, as soon as it is ready; whether it plays.

        Where a trial was left, its end is the way back.

        Raises:
            ConfigError: there is no such version.
        """
        with alone(self.releases.folder):
            if self._end_leftover() and word is None:
                return True
            self._current()
            name = self.releases.previous if word is None else self.releases.find(word)
            if name is None:
                raise ConfigError("there is no version before this one; name one of 'ddsp-pi versions'")
            complaint = self.releases.complaint(name)
            if complaint:
                self.say(f"{name} will not play these settings but the last that it understood: {complaint}")
            return self._change(name, lambda: "")

    def _current(self) -> str:
        current = self.releases.current
        if current is None:
            raise ConfigError(f"no version is set up in {self.releases.folder}; first: sudo ddsp-pi setup")
        return current

    def _change(self, name: str, judge: Callable[[], str]) -> bool:
        """Let a version play; if it does not do, the old one plays again."""
        old = self._current()
        if name == old:
            self.say(f"{name} plays already: nothing to do")
            return True
        self.say(f"starting {name} in the place of {old}")
        try:
            fault = self.trial.begin(name) or judge()
        except BaseException:
            self._go_back(old)
            raise
        if fault:
            self._refuse(name, old, fault)
        else:
            self._keep(name, old)
        return not fault

    def _quiet_minute(self, before: Before) -> str:
        """Listen to the version on trial for a minute; what is worse than before, empty if nothing."""
        self.say(f"it is ready; listening to it for {self.minute_s:g} s")
        begun = now = self.clock()
        minute = Minute(before, self.systemd.look(), begun)
        while now - begun < self.minute_s:
            fault = minute.fault(self.systemd.look(), listen(self.telemetry), now)
            if fault:
                return fault
            self.sleep(1.0)
            self.second(1)
            now = self.clock()
        return ""

    def _keep(self, name: str, old: str) -> None:
        self.releases.accept(name)
        self.releases.switch(name)
        self.trial.forget()
        self._renew_units(name)
        self.releases.prune()
        self._conclude(Outcome(time.time(), old, name, ""))

    def _renew_units(self, name: str) -> None:
        """Let a version put its own units in place; they count from the next start on."""
        program = self.releases.path(name) / "bin" / "ddsp-pi"
        try:
            if "--only" in self.releases.quietly.run([program, "setup", "--help"]):
                self.releases.quietly.run([program, "setup", "--only", "units"])
        except ChildProcessError as error:
            self.say(f"its units were not renewed: {self.releases.quietly.say_where(str(error))}")

    def _refuse(self, name: str, old: str, fault: str) -> None:
        start_id = self.systemd.start_id()
        self.releases.refuse(name, fault)
        self._go_back(old)
        # Only now: the journal may be a moment late with what was said last.
        for line in self.systemd.journal(start_id, LAST_LINES):
            self.say(f"  | {line}")
        self._conclude(Outcome(time.time(), old, name, fault))

    def _go_back(self, old: str) -> None:
        trouble = self.trial.end()
        if trouble:
            self.say(f"{old}: {trouble}; see: journalctl --unit=ddsp-pi")

    def _end_leftover(self) -> bool:
        """End a trial that lost its updater; whether there was one."""
        left = self.trial.name
        if left is None:
            return False
        if left == self.releases.current:
            self.trial.forget()
            return False
        self.say(f"an update to {left} was cut short; {self._current()} plays again")
        self._go_back(self._current())
        return True

    def _conclude(self, outcome: Outcome) -> None:
        remember(self.releases.folder, outcome)
        self.say(outcome.words)
