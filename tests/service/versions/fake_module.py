"""A module whose systemd, clock and sound are pretended: what each version does there is said beforehand."""

from dataclasses import dataclass, field

import msgspec

from ddsp_pi.places import SERVICE
from ddsp_pi.service.host import Result
from ddsp_pi.service.last_minute import NAME, Line
from ddsp_pi.service.systemd import Systemd
from ddsp_pi.service.versions.releases import Releases
from ddsp_pi.service.versions.trial import Trial
from ddsp_pi.service.versions.updates import Updates

UNIT = "[Service]\nType=notify\nExecStart={program}/current/bin/ddsp-pi run --unattended\n"

FAILED = 'Job for ddsp-pi.service failed.\nSee "systemctl status ddsp-pi.service" for details.'

PROGRAM = """#!/bin/sh
echo "$@" >> "$0.calls"
case "$*" in
    "config check"*) {config};;
    "setup --help") echo "--only";;
esac
"""


@dataclass
class Version:
    """How a version does; times are seconds after its start."""

    ready: bool = True
    mode: str = "settings"
    playing: bool = True
    xruns_per_s: int = 0
    engine_dies_at: int = 0
    ends_at: int = 0
    speechless_at: int = 0
    cut_at: int = 0
    """The updater gets Ctrl-C then."""


@dataclass
class FakeModule:
    """Its folder has /opt, /run and /etc as `program`, `memory`, `telemetry` and `units`."""

    folder: object
    versions: dict[str, Version]
    now_s: float = 1000.0
    said: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    failed: bool = False

    def __post_init__(self):
        self.program, self.memory = self.folder / "opt", self.folder / "memory"
        self.telemetry, self.units = self.folder / "run", self.folder / "units"
        self.settings = self.folder / "config.yaml"
        self.settings.write_text("voices: 1\n")
        for folder in (self.telemetry, self.units):
            folder.mkdir()
        (self.units / SERVICE).write_text(UNIT.format(program=self.program))
        for when, name in enumerate(self.versions):
            self.plant(name, when)
        self.releases = Planted(self.program, self.settings)
        self.systemd = Systemd(self._systemctl)
        self.trial = Trial(self.systemd, self.program, self.memory, self.units)
        first = next(iter(self.versions))
        self.releases.switch(first)
        self._start(first)
        self._pass(60)
        self.starts.clear()

    def plant(self, name, when, config="true"):
        """A version as if it were installed; `config` is what it does when asked about the settings."""
        program = self.program / "versions" / name / "bin/ddsp-pi"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(PROGRAM.format(config=config))
        program.chmod(0o755)
        facts = {"version": name.partition("-")[0], "wheel": "w", "when": when, "size": 10**7, "extras": []}
        (program.parents[1] / "complete").write_bytes(msgspec.json.encode(facts))

    def calls(self, name):
        """What a version was asked, a line each."""
        return (self.program / "versions" / name / "bin/ddsp-pi.calls").read_text().splitlines()

    def updates(self, minute_s=60.0):
        return Updates(
            self.releases,
            self.systemd,
            self.trial,
            self.said.append,
            minute_s,
            telemetry=self.telemetry,
            clock=lambda: self.now_s,
            sleep=self._pass,
        )

    @property
    def plays(self):
        return None if self.failed else self._name

    @property
    def booted(self):
        """What would play after a power cut: what is in memory is gone."""
        return self.releases.current

    def _pass(self, seconds):
        for _ in range(round(seconds)):
            self.now_s += 1
            self._age += 1
            self._happen(self.versions[self._name])

    def _happen(self, version):
        if version.cut_at and self._age == version.cut_at:
            raise KeyboardInterrupt
        if version.ends_at and self._age == version.ends_at:
            self._pid, self._restarts = self._pid + 1, self._restarts + 1
        self._engine += version.engine_dies_at == self._age
        self._xruns += version.xruns_per_s
        if not version.speechless_at or self._age < version.speechless_at:
            self._lines = [*self._lines[-59:], self._line(version)]
        (self.telemetry / NAME).write_bytes(b"\n".join(map(msgspec.json.encode, self._lines)) + b"\n")

    def _line(self, version):
        # As without a network: the clock of the day jumps back at every start.
        facts = (self._age, self._name, version.mode, "", version.playing, "violin", 0.1, 0.2)
        return Line(*facts, self._xruns, self._engine, self._pid)

    def _start(self, name):
        self._name, self._age, self._xruns, self._lines = name, 0, 0, []
        self.starts.append(name)
        self._pid = self._engine = 100 * len(self.starts) + round(self.now_s)
        self._restarts = 0
        self.failed = not self.versions[name].ready
        (self.telemetry / NAME).unlink(missing_ok=True)

    def _systemctl(self, words):
        self.commands.append(" ".join(words))
        match words:
            case ["systemctl", "restart", _]:
                self._start(self._loaded())
                return Result(int(self.failed), err=f"{FAILED}\n" * self.failed)
            case ["systemctl", "show", *_]:
                state = "failed" if self.failed else "active"
                return Result(
                    0,
                    f"ActiveState={state}\nMainPID={self._pid}\nNRestarts={self._restarts}\nInvocationID={len(self.starts)}\n",
                )
            case ["journalctl", *_, start]:
                name = self.starts[int(start.removeprefix("_SYSTEMD_INVOCATION_ID=")) - 1]
                return Result(0, f"{name} says: ImportError\n")
        return Result(0)

    def _loaded(self):
        """The version of the last ExecStart that systemd reads."""
        lines = (self.units / SERVICE).read_text().splitlines()
        for drop_in in self.memory.glob(f"{SERVICE}.d/*.conf"):
            lines += drop_in.read_text().splitlines()
        path = [line for line in lines if line.startswith("ExecStart=")][-1].partition("=")[2].split()[0]
        assert path.endswith("/bin/ddsp-pi")
        name = path.removesuffix("/bin/ddsp-pi").rpartition("/")[2]
        return self.releases.current if name == "current" else name


class Planted(Releases):
    """Versions that need no installation: the source is the name."""

    def install(self, source, say, step=lambda steps: None):
        return source
