"""ddsp-pi as a systemd service, as a musician's Pi runs it, and the other end of its sound card."""

import subprocess
import time
from pathlib import Path

from tests.guest.inside.panel import until

RESULTS = Path("/srv/guest/results")
NAME = "ddsp-pi.service"
CARD = "sndrpiproto"

_UNIT = """\
[Service]
ExecStart=/venv/bin/ddsp-pi run --config /run/ddsp-pi.yaml
User=player
StateDirectory=player
LimitRTPRIO=90
LimitMEMLOCK=infinity
"""


class Service:
    """Runs from `start` to `stop`."""

    def start(self, config: str) -> None:
        """Begin with this configuration."""
        Path("/run/ddsp-pi.yaml").write_text(config)
        Path("/run/systemd/system", NAME).write_text(_UNIT)
        _systemctl("daemon-reload")
        self._begun = f"@{time.time():.6f}"
        _systemctl("start", NAME)

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
