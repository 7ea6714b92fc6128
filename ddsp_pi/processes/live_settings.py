"""Other settings while it plays: the control process takes them up, and passes on what is the engine's."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ddsp_pi.config import Config
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.led import Led
from ddsp_pi.control.reports import Reports
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.link.edits import Configure, Outbox
from ddsp_pi.modes.chosen import start_params
from ddsp_pi.processes.changes import changes, effects
from ddsp_pi.processes.child import BEGIN_ANEW
from ddsp_pi.processes.errands import Errands
from ddsp_pi.processes.launch import Launch, Status, keep
from ddsp_pi.processes.proven import Proven
from ddsp_pi.processes.settings_watch import News, Reader, SettingsWatch
from ddsp_pi.service.host import Host

CONTROL_AGAIN = 0
"""The exit code with which the control process is started again, and nothing else."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What settings act on inside the control process."""

    hub: Hub
    watch: InstrumentWatch
    outbox: Outbox
    led: Led
    reports: Reports
    errands: Errands


class LiveSettings:
    """Keeps what plays in step with the file. All but `again` and `reload` is for the control loop's thread.

    A file that cannot be used changes nothing: it is said, and shown by the light until it is mended.
    """

    def __init__(self, launch: Launch, stop: threading.Event, say: Callable[[str], object]) -> None:
        """`stop` ends the control loop, for good or to begin again: `exit_code` says."""
        self._launch, self._stop, self._say = launch, stop, say
        self._file = Path(launch.config_file or "")
        self._reader = Reader(launch, Host())
        watched = launch.config_file and launch.settings
        self._watch = SettingsWatch(self._file, self._reader.read) if watched else None
        self._unusual = bool(launch.trouble or launch.safe)
        self._trouble, self._raw = "", b""
        self._ending: int | None = None
        self._parts: _Parts | None = None
        self._proven: Proven | None = None
        self.exit_code = 0
        """Of the control process."""

    @property
    def config(self) -> Config:
        """The settings that play now."""
        return self._launch.config

    def act_on(
        self,
        hub: Hub,
        watch: InstrumentWatch,
        outbox: Outbox,
        led: Led,
        reports: Reports,
        errands: Errands,
    ) -> None:
        """Begin, with these."""
        self._parts = _Parts(hub, watch, outbox, led, reports, errands)
        self._proven = Proven(errands.later, self._say) if self._launch.unattended else None

    def again(self) -> None:
        """Read the file soon, new or not; from anywhere, a signal too."""
        if self._watch is not None:
            self._watch.again()

    def reload(self) -> str:
        """The same for who is somewhere else; says which file. From any thread.

        Raises:
            ValueError: there is none.
        """
        if self._watch is None:
            raise ValueError("there is no file of settings to read")
        self._watch.again()
        return str(self._file)

    def look(self, status: Status | None) -> None:
        """Have the file looked at, and see how its settings do; about twice a second."""
        assert self._parts is not None
        if self._watch is not None:
            self._parts.errands.later(self._watch.look)
        trouble = self._trouble or self._launch.trouble
        self._parts.led.say("configuration", bool(trouble))
        self._parts.reports.settings(trouble)
        if self._proven is not None:
            self._proven.look(self._raw, status, time.monotonic())

    def act(self) -> None:
        """Act upon what was read since."""
        if self._ending is not None:
            self.exit_code = self._ending
            self._stop.set()
        while self._ending is None and self._watch is not None and self._watch.news:
            self._take(self._watch.news.popleft())

    def _take(self, news: News) -> None:
        if news.config is None:
            self._refuse(news.trouble)
        elif not self._unusual:
            self._play(news.config, news.raw)
        elif not news.first:
            # Why this file does not play may be gone now. As it stood at the start it was tried.
            self._begin_anew()

    def _refuse(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._say(f"{trouble}. What played plays on until this is mended")
        self._trouble, self._raw = trouble, b""

    def _play(self, config: Config, raw: bytes) -> None:
        before = self._launch.config
        names, costs = changes(before, config), effects(before, config, self._launch.unattended)
        if any(effect.anew for effect in costs):
            self._begin_anew()
            return
        if names and not self._kept(config):
            return
        if names or self._trouble:
            self._say(f"{self._file}: {', '.join(names) or 'as it was'}; it plays now")
        self._trouble, self._raw = "", raw
        self._launch = msgspec.structs.replace(self._launch, config=config)
        self._reader.playing = config
        self._pass_on(before, config, any(effect.engine for effect in costs))
        if any(effect.control for effect in costs):
            # With the next call: what was asked for now has gone out by then.
            self._ending = CONTROL_AGAIN

    def _pass_on(self, before: Config, config: Config, to_engine: bool) -> None:
        assert self._parts is not None
        hub = self._parts.hub
        if to_engine:
            self._parts.outbox.send(Configure())
        old, new = (start_params(each.mode, each.model, each.params) for each in (before, config))
        for spec in hub.specs if before.mode == config.mode else ():
            value = new.get(spec.name)
            if value != old.get(spec.name):
                hub.set(spec.name, spec.default if value is None else value)
        if config.model != before.model:
            self._parts.watch.select(config.model)

    def _kept(self, config: Config) -> bool:
        try:
            keep(self._launch, config)
        except OSError as error:
            self._refuse(f"{self._launch.settings}: {error.strerror or error}: new settings have no place")
            return False
        return True

    def _begin_anew(self) -> None:
        self._say(f"{self._file}: its settings need everything to begin anew")
        self._ending = BEGIN_ANEW
