"""ddsp-pi as a systemd service, as a musician's Pi runs it, and the other end of its sound card."""

import shutil
import subprocess
import time
from pathlib import Path

from ddsp_pi.shipped import units_folder
from tests.guest.inside.panel import until

RESULTS = Path("/srv/guest/results")
NAME = "ddsp-pi.service"
CARD = "sndrpiproto"

_SETTINGS = Path("/etc/ddsp_pi/config.yaml")
_PROGRAM = Path("/opt/ddsp-pi/current")
_GROUPS = "audio,spi,gpio"


class Service:
    """Runs from `start` to `stop`, by the unit that ships, with all that it forbids."""

    def install(self) -> None:
        """What setup does on a Pi: the user, the program's place and the units."""
        if not _PROGRAM.exists():
            _PROGRAM.parent.mkdir(parents=True)
            _PROGRAM.symlink_to("/venv")
            words = ("--system", "--user-group", "--groups", _GROUPS, "--home-dir", "/var/lib/ddsp_pi")
            subprocess.run(["useradd", *words, "ddsp-pi"], check=True)
        for unit in units_folder().glob("ddsp-pi*.service"):
            shutil.copy(unit, "/run/systemd/system")
        _systemctl("daemon-reload")

    def start(self, config: str) -> None:
        """Begin with this configuration; returns when it is ready."""
        self.install()
        _SETTINGS.parent.mkdir(exist_ok=True)
        _SETTINGS.write_text(config)
        self._begun = f"@{time.time():.6f}"
        _systemctl("start", NAME)

    @property
    def pid(self) -> int:
        """Its main process."""
        return int(_systemctl("show", "--property=MainPID", "--value", NAME))

    def status(self) -> str:
        """What it last told systemd of itself."""
        return _systemctl("show", "--property=StatusText", "--value", NAME).strip()

    def stop(self) -> str:
        """End it; what systemd says of the end: success, or why not."""
        _systemctl("stop", NAME)
        shown = _systemctl("show", "--property=Result", "--value", NAME)
        return shown.strip()

    def log(self) -> str:
        """What it said."""
        journal = ("journalctl", "-u", NAME, "-o", "cat", "--since", self._begun, "--no-pager")
        return subprocess.run(journal, capture_output=True, text=True, check=True).stdout

    def said(self, text: str, seconds: float = 120.0) -> bool:
        """Whether it says that in time."""
        return until(lambda: text in self.log(), seconds, pause_s=0.2)


def record(name: str, seconds: int) -> Path:
    """What the sound card plays meanwhile, from the other end of its loop."""
    path = RESULTS / f"{name}.wav"
    end = ("-D", f"plughw:CARD={CARD},DEV=1", "-f", "S16_LE", "-r", "48000", "-c", "2")
    subprocess.run(["arecord", "-q", *end, "-d", str(seconds), path], check=True, capture_output=True)
    return path


def _systemctl(*words: str) -> str:
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
